import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { FigureTexts } from './figures';
import classes from './MapPage.module.css';
import { Head } from './PanelParts';
import type { Ways } from './use-ways';

type Props = {
  from: string;
  to: string;
  ways: Ways;
  nameOf: (id: string) => string;
  texts: FigureTexts;
  onSelect: (id: string) => void;
  onClose: () => void;
};

const SHOWN = 20;

/** The ways between two nodes: which stations they have, and how often they are taken. */
export function PathPanel({ from, to, ways, nameOf, texts, onSelect, onClose }: Props) {
  const { t } = useTranslation();
  const says = ways.asking
    ? t('map.pathsAsking')
    : ways.error
      ? ways.error.message
      : ways.ways.length === 0
        ? t('map.noPaths')
        : ways.pieced
          ? t('map.pathsPieced')
          : t(ways.complete ? 'map.pathsOfAll' : 'map.pathsOfNewest', { count: ways.traces });
  return (
    <>
      <Head kind={t('map.paths')} onClose={onClose}>
        {nameOf(from)} → {nameOf(to)}
      </Head>
      <p className={classes.dimmed} role="status">
        {says}
      </p>
      <ol className={classes.ways}>
        {ways.ways.slice(0, SHOWN).map((way) => (
          <li key={way.nodes.join(' ')} className={classes.way}>
            <span>
              {way.nodes.map((id, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a way may pass through one station twice
                <Fragment key={i}>
                  {i > 0 && ' → '}
                  <button type="button" className={classes.cell} onClick={() => onSelect(id)}>
                    {nameOf(id)}
                  </button>
                </Fragment>
              ))}
            </span>
            {!ways.pieced && (
              <span className={classes.dimmed}>
                {t('map.pathSays', {
                  calls: texts.count(way.calls),
                  errors: texts.count(way.errors),
                  traces: texts.count(way.traces),
                })}
              </span>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
