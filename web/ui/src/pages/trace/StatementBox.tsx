import { Badge, Switch } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { dayBefore, useSameStatement } from '../../api/trace';
import { CopyButton } from '../../components/CopyButton';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { hasLiterals, MASK, readStatement, statementText } from '../../lib/statement';
import panel from './SpanPanel.module.css';
import classes from './StatementBox.module.css';
import { useFileSource } from './source';
import { conditionFor, type StatementFacts } from './span-facts';
import { useRest } from './use-span-detail';

// Beyond this a statement is a bulk insert, whose colours nobody reads.
const LONGEST = 20_000;

/** A database statement laid out, with what may be somebody's data covered until it is asked for. */
export function StatementBox({ span, statement }: { span: SpanDetail; statement: StatementFacts }) {
  const { t } = useTranslation();
  const format = useFormats();
  const rest = useRest();
  const [shown, setShown] = useState(false);
  const { system, parameters, wholeBytes } = statement;
  const text = statement.text.slice(0, LONGEST);
  const tokens = useMemo(() => readStatement(text, system), [text, system]);
  const coverable = hasLiterals(tokens) || parameters.length > 0;
  const cut = wholeBytes !== undefined || text.length < statement.text.length;
  return (
    <section className={panel.section} aria-label={t('span.statement')}>
      <h3>
        {t('span.statement')} {system && <Badge variant="default">{system}</Badge>}
        <CopyButton
          text={shown ? statement.text : statementText(tokens, true)}
          label={`${t('state.copy')}: ${t('span.statement')}`}
        />
        {coverable && (
          <Switch
            size="xs"
            className={classes.switch ?? ''}
            label={t('statement.showValues')}
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
        )}
      </h3>
      <pre className={`${panel.code} ${classes.statement}`}>
        {tokens.map(({ kind, text: word }, i) =>
          kind === 'space' ? (
            word
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: the words of a statement have no identity but their place
            <span key={i} data-kind={kind} title={coveredTitle(kind, shown, t('statement.covered'))}>
              {kind === 'literal' && !shown ? MASK : word}
            </span>
          ),
        )}
        {cut && '…'}
      </pre>
      {wholeBytes !== undefined && (
        <button type="button" className={classes.more} disabled={rest.fetching} onClick={rest.fetch}>
          {t('spanMore.fetchAll', { size: format.bytes(wholeBytes) })}
        </button>
      )}
      {parameters.length > 0 && <p className={classes.label}>{t('statement.parameters')}</p>}
      {parameters.length > 0 && (
        <dl className={classes.parameters} aria-label={t('statement.parameters')}>
          {parameters.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{shown ? value : <span title={t('statement.covered')}>•••</span>}</dd>
            </div>
          ))}
        </dl>
      )}
      <Elsewhere span={span} statement={statement} />
    </section>
  );
}

const coveredTitle = (kind: string, shown: boolean, words: string) =>
  kind === 'literal' && !shown ? words : undefined;

/** What the same statement, whatever its literals, costs everywhere, and the way to its traces. */
function Elsewhere({ span, statement }: { span: SpanDetail; statement: StatementFacts }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const file = useFileSource();
  const { data } = useSameStatement(span, file === undefined);
  if (file) return <p className={panel.none}>{t('statement.ofFile')}</p>;
  const condition = span.statementHash
    ? // Stored as a signed number, which the hash's 16 digits are not.
      `weft.db.statement.hash=${BigInt.asIntN(64, BigInt(`0x${span.statementHash}`))}`
    : conditionFor({ key: statement.key, type: 'string', value: statement.text });
  return (
    <div className={classes.elsewhere}>
      {data && (
        <dl className={classes.figures} aria-label={t('statement.figures')}>
          <Figure label={t('statement.calls')} value={format.count(data.calls)} />
          <Figure label="p50" value={format.duration(data.p50Ns)} />
          <Figure label="p95" value={format.duration(data.p95Ns)} />
          <Figure label={t('statement.errors')} value={percent(data.errorRate)} bad={data.errors > 0} />
          <Figure
            label={t('statement.perTrace')}
            value={t('statement.perTraceMost', {
              mean: data.callsPerTrace.toLocaleString(format.language, { maximumSignificantDigits: 2 }),
              most: data.mostCallsInTrace,
            })}
          />
          <Figure label={t('statement.callers')} value={data.services.join(', ')} />
        </dl>
      )}
      {condition && (
        <Link to="/traces" search={{ attr: [condition], ...dayBefore(span) }}>
          {t('spanMore.elsewhere')}
        </Link>
      )}
      {span.peer && (
        <Link to="/services/$name" params={{ name: span.peer }} search={{ kind: 'database' } as never}>
          {t('statement.database', { name: span.peer })}
        </Link>
      )}
    </div>
  );
}

function Figure({ label, value, bad = false }: { label: string; value: string; bad?: boolean }) {
  return (
    <div data-bad={bad || undefined}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
