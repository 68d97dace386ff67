import { useTranslation } from 'react-i18next';
import type { Reason } from '../../query/fields';
import type { Place } from '../../query/lexer';
import classes from './QueryBar.module.css';

type Props = { text: string; problem: { place: Place; reason: Reason } };

/** Characters of the text shown at either side of what is wrong. */
const AROUND = 40;

/** What is wrong with a query, at which character, and that place marked in a part of the text. */
export function QueryProblem({ text, problem: { place, reason } }: Props) {
  const { t } = useTranslation();
  const { why, ...named } = reason;
  const from = Math.max(0, place.at - AROUND);
  const to = Math.min(text.length, place.end + AROUND);
  return (
    <div id="query-problem" role="alert" className={classes.problem}>
      <p>
        {t('query.at', { column: place.at + 1 })}
        {t(`query.reason.${why}` as never, named as never) as unknown as string}
      </p>
      <code className={classes.excerpt} aria-hidden="true">
        {from > 0 && '…'}
        {text.slice(from, place.at)}
        <mark>{text.slice(place.at, place.end) || '\u00a0'}</mark>
        {text.slice(place.end, to)}
        {to < text.length && '…'}
      </code>
    </div>
  );
}
