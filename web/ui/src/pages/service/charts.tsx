import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type OperationPoint, useNodeSeries } from '../../api/services';
import { Empty, Result } from '../../components/Result';
import { TimeChart } from '../../components/TimeChart';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { ERROR, PALETTE } from '../../lib/colour';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';
import classes from '../functions/functions.module.css';
import { useBrush } from '../functions/OverviewCharts';

/** Calls, errors, durations and Apdex of a service's spans. */
export function ServiceCharts({ name, points }: { name: string; points: readonly OperationPoint[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, number } = useFigures();
  const theme = useTheme();
  const onRange = useBrush();
  const charts = useMemo(() => {
    const [first = '', second = '', third = ''] = PALETTE[theme];
    const error = ERROR[theme];
    // A step without a call has no duration and no share: the line breaks there.
    const where = (value: (point: OperationPoint) => number) =>
      points.map((point) => (point.calls > 0 ? value(point) : null));
    return {
      timesMs: points.map(({ startNs }) => toMillis(parseInstant(startNs))),
      calls: [{ label: t('fn.calls'), colour: first, fill: true, values: points.map((p) => p.calls) }],
      errors: [{ label: t('fn.errorRate'), colour: error, fill: true, values: where((p) => p.errorRate) }],
      latency: [
        { label: 'p50', colour: first, values: where((p) => p.p50Ns) },
        { label: 'p95', colour: third, values: where((p) => p.p95Ns) },
        { label: 'p99', colour: error, values: where((p) => p.p99Ns) },
      ],
      apdex: [{ label: 'Apdex', colour: second, values: where((p) => p.apdex) }],
    };
  }, [points, theme, t]);
  const shared = { timesMs: charts.timesMs, onRange, group: `service ${name}` };
  return (
    <div className={classes.charts}>
      <div className={classes.chart}>
        <TimeChart label={t('fn.calls')} series={charts.calls} format={format.compact} {...shared} />
      </div>
      <div className={classes.chart}>
        <TimeChart label={t('fn.latency')} series={charts.latency} format={format.duration} {...shared} />
      </div>
      <div className={classes.chart}>
        <TimeChart label={t('fn.errors')} series={charts.errors} format={percent} {...shared} />
      </div>
      <div className={classes.chart}>
        <TimeChart label="Apdex" series={charts.apdex} format={number} {...shared} />
      </div>
    </div>
  );
}

/** Calls and errors of what has no spans of its own, as its callers saw them. */
export function NodeCharts({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const onRange = useBrush();
  const matrix = useNodeSeries(useRange());
  const charts = useMemo(() => {
    const node = matrix.data?.nodes.find((one) => one.id === id);
    if (!matrix.data || !node) return undefined;
    const { fromNs, stepNs } = matrix.data;
    const fromMs = toMillis(parseInstant(fromNs));
    return {
      timesMs: node.calls.map((_, i) => fromMs + (i * stepNs) / 1e6),
      calls: [{ label: t('fn.calls'), colour: PALETTE[theme][0] ?? '', fill: true, values: node.calls }],
      errors: [{ label: t('fn.errors'), colour: ERROR[theme], fill: true, values: node.errors }],
    };
  }, [matrix.data, id, theme, t]);
  return (
    <Result query={matrix} height={180} isEmpty={() => charts === undefined} empty={<Empty />}>
      {() =>
        charts && (
          <div className={classes.charts}>
            <div className={classes.chart}>
              <TimeChart
                label={t('fn.calls')}
                timesMs={charts.timesMs}
                series={charts.calls}
                format={format.compact}
                onRange={onRange}
                group={id}
              />
            </div>
            <div className={classes.chart}>
              <TimeChart
                label={t('fn.errors')}
                timesMs={charts.timesMs}
                series={charts.errors}
                format={format.compact}
                onRange={onRange}
                group={id}
              />
            </div>
          </div>
        )
      }
    </Result>
  );
}
