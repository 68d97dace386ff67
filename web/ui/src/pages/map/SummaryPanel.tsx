import { Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Change, ChangeWord } from './changes';
import { type FigureTexts, SIGN } from './figures';
import type { MapNode } from './graph';
import classes from './MapPage.module.css';

type Props = {
  nodes: readonly MapNode[];
  summary: string;
  changes: readonly Change[];
  /** Set when two ranges are compared: which ones. */
  compared: string | undefined;
  texts: FigureTexts;
  onSelect: (id: string) => void;
};

const TONES: Record<ChangeWord, 'bad' | 'accent' | 'dimmed' | 'ok'> = {
  worse: 'bad',
  new: 'accent',
  gone: 'dimmed',
  busier: 'dimmed',
  quieter: 'dimmed',
  better: 'ok',
};

/** What stands beside the map while nothing is selected: what is unhealthy, and what has changed. */
export function SummaryPanel({ nodes, summary, changes, compared, texts, onSelect }: Props) {
  const { t } = useTranslation();
  const unhealthy = nodes
    .filter(({ health, kind }) => health !== 'ok' && kind !== 'user')
    .sort((a, b) => b.errorRate - a.errorRate);
  return (
    <>
      <div>
        <Title order={2}>{t('map.now')}</Title>
        <p className={classes.dimmed}>{summary}</p>
      </div>
      {unhealthy.length > 0 && (
        <section className={classes.section}>
          <h3>{t('map.unhealthy')}</h3>
          <ul className={classes.rows}>
            {unhealthy.map((node) => (
              <li key={node.id}>
                <button type="button" className={classes.row} onClick={() => onSelect(node.id)}>
                  <span>{node.name}</span>
                  <span className={classes[node.health]}>
                    {SIGN[node.health]}
                    {texts.share(node.errorRate)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {compared !== undefined && (
        <section className={classes.section}>
          <h3>{compared}</h3>
          {changes.length === 0 && <p className={classes.dimmed}>{t('map.noChanges')}</p>}
          <ul className={classes.rows}>
            {changes.slice(0, 100).map((change) => (
              <li key={change.id}>
                <button type="button" className={classes.row} onClick={() => onSelect(change.id)}>
                  <span>
                    {endOf(change.source)} → {endOf(change.target)}
                  </span>
                  <span className={classes[TONES[change.word]]}>{t(`map.change.${change.word}`)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** The name in a node's id. */
export const endOf = (id: string) => id.slice(id.indexOf(':') + 1);
