import { useTranslation } from 'react-i18next';
import type { NodeKind } from '../../api/topology';
import classes from './MapPage.module.css';

/** The shapes that drawing-style.ts gives the kinds, in 16 by 16. */
const PATHS: Record<NodeKind, string> = {
  user: 'M8 2 L14 14 L2 14 Z',
  service: 'M8 2 a6 6 0 1 0 0.01 0 Z',
  function: 'M5 2.5 L11 2.5 L14.5 8 L11 13.5 L5 13.5 L1.5 8 Z',
  database: 'M2 4 Q8 1 14 4 L14 12 Q8 15 2 12 Z',
  cache: 'M8 1.5 L14.5 8 L8 14.5 L1.5 8 Z',
  queue: 'M1 3.5 L10 3.5 L15 8 L10 12.5 L1 12.5 Z',
  external: 'M4 3 L12 3 L15 6 L15 10 L12 13 L4 13 L1 10 L1 6 Z',
};

export const Shape = ({ kind }: { kind: NodeKind }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" className={classes.shape}>
    <path d={PATHS[kind]} />
  </svg>
);

type Props = {
  counts: ReadonlyMap<NodeKind, number>;
  without: readonly string[];
  onToggle: (kind: NodeKind) => void;
};

/** What the shapes and colours mean; a kind's entry also takes it off the map and puts it back. */
export function Legend({ counts, without, onToggle }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.legend} data-legend role="group" aria-label={t('map.legend')}>
      {[...counts].map(([kind, count]) => (
        <button
          key={kind}
          type="button"
          className={classes.key}
          aria-pressed={!without.includes(kind)}
          onClick={() => onToggle(kind)}
        >
          <Shape kind={kind} />
          {t(`map.kind.${kind}`)} {count}
        </button>
      ))}
      <span className={classes.key}>
        <span className={classes.bad}>✖</span> {t('map.legendBad')}
        <span className={classes.warn}>▲</span> {t('map.legendWarn')}
      </span>
    </div>
  );
}
