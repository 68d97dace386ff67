import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ColdStarts, InitPhase } from '../../api/functions';
import { DataTable } from '../../components/DataTable';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { fnv1a, PALETTE } from '../../lib/colour';
import { placePhases } from '../../lib/phases';
import { useTheme } from '../../theme/use-theme';
import own from './ColdStarts.module.css';
import { Duration } from './cells';
import classes from './functions.module.css';

// A narrower phase has no room for its name; the table has it.
const LABEL_SHARE = 0.07;

/** The phases of a mean cold start below each other, and all of them in numbers. */
export function PhaseStack({ data }: { data: ColdStarts }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const theme = useTheme();
  const phases = useMemo(() => withModules(data, t('fn.loading')), [data, t]);
  const rows = useMemo(() => placePhases(phases), [phases]);
  const totalNs = rows[0]?.reduce((sum, one) => sum + one.widthNs, 0) || 1;
  const places = new Map(rows.flat().map((one) => [one.phase, one]));
  const colour = (name: string) => PALETTE[theme][fnv1a(name) % PALETTE[theme].length];
  return (
    <div>
      <div className={own.stack} aria-hidden="true">
        {rows.map((row) => (
          <div key={row[0]?.phase.depth} className={own.row}>
            {row.map(({ phase, fromNs, widthNs, share }) => (
              <div
                key={phase.name}
                className={own.phase}
                style={{ left: `${(fromNs / totalNs) * 100}%`, width: `${(widthNs / totalNs) * 100}%` }}
                title={`${phase.name}: ${format.duration(phase.meanNs)}, ${percent(share)}`}
              >
                <span className={own.tint} style={{ background: colour(phase.name) }} />
                {share >= LABEL_SHARE && (
                  <span className={own.text}>
                    {phase.name} {format.duration(phase.meanNs)}
                  </span>
                )}
              </div>
            ))}
          </div>
        ))}
      </div>
      <div className={own.below}>
        <DataTable
          label={t('fn.phases')}
          rows={phases}
          rowId={(row) => `${row.depth} ${row.name}`}
          sort=""
          onSort={() => undefined}
          columns={[
            {
              id: 'phase',
              label: t('fn.phase'),
              render: (row) => (
                <span className={own.indent} style={{ paddingLeft: `${row.depth * 1.25}rem` }}>
                  {row.name}
                </span>
              ),
            },
            {
              id: 'share',
              label: t('fn.ofInit'),
              numeric: true,
              render: (row) => percent(places.get(row)?.share ?? 0),
            },
            { id: 'mean', label: t('fn.mean'), numeric: true, render: (row) => <Duration ns={row.meanNs} /> },
            { id: 'p50', label: 'p50', numeric: true, render: (row) => <Duration ns={row.p50Ns} /> },
            { id: 'p95', label: 'p95', numeric: true, render: (row) => <Duration ns={row.p95Ns} /> },
            { id: 'max', label: t('fn.most'), numeric: true, render: (row) => <Duration ns={row.maxNs} /> },
            {
              id: 'starts',
              label: t('fn.inStarts'),
              numeric: true,
              render: (row) => <span className={classes.nowrap}>{`${row.starts} / ${data.sampled}`}</span>,
            },
          ]}
        />
      </div>
    </div>
  );
}

/**
 * Loading modules is what the runtime does after it was started. Its time is the sum of theirs, which may be loaded at once,
 * but no more than its parent has left; it has no quantiles.
 */
function withModules(data: ColdStarts, name: string): readonly InitPhase[] {
  const sum = (phases: readonly InitPhase[]) =>
    phases.reduce((total, one) => total + (one.meanNs * one.starts) / Math.max(1, data.sampled), 0);
  const last = data.phases.findLastIndex(({ name: phase, depth }) => depth === 2 && phase === 'process.exec');
  if (data.modules.length === 0 || last < 0) return data.phases;
  const parent = data.phases.slice(0, last).findLast(({ depth }) => depth === 1);
  const leftNs = (parent ? sum([parent]) : 0) - sum(data.phases.filter(({ depth }) => depth === 2));
  const meanNs = Math.min(
    data.modules.reduce((total, one) => total + one.selfNs, 0),
    Math.max(0, leftNs),
  );
  const loading = { name, depth: 2, starts: data.sampled, meanNs, p50Ns: 0, p95Ns: 0, maxNs: 0 };
  return [...data.phases.slice(0, last + 1), loading, ...data.phases.slice(last + 1)];
}
