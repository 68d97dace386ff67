import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FunctionDetail } from '../../api/functions';
import { TimeChart } from '../../components/TimeChart';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { ERROR, PALETTE } from '../../lib/colour';
import { versionMarks } from '../../lib/runs';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';
import classes from './functions.module.css';

/** Sets the page's time range to what was dragged over. */
export function useBrush() {
  const { set } = useRange();
  const iso = (ms: number) => new Date(Math.round(ms)).toISOString();
  return (fromMs: number, toMs: number) => set({ from: iso(fromMs), to: iso(toMs) });
}

/** A step without an invocation has no duration and no share: the line breaks there. */
const where = <T extends { invocations: number }>(points: readonly T[], value: (point: T) => number) =>
  points.map((point) => (point.invocations > 0 ? value(point) : null));

export function OverviewCharts({ data }: { data: FunctionDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const theme = useTheme();
  const brush = useBrush();
  const charts = useMemo(() => {
    const { points } = data;
    const [first = '', second = '', third = ''] = PALETTE[theme];
    const colour = { invocations: first, cold: second, p95: third, error: ERROR[theme] };
    return {
      timesMs: points.map(({ startNs }) => toMillis(parseInstant(startNs))),
      marks: versionMarks(points),
      calls: [
        {
          label: t('fn.invocations'),
          colour: colour.invocations,
          fill: true,
          values: points.map((p) => p.invocations),
        },
      ],
      errors: [
        { label: t('fn.errors'), colour: colour.error, fill: true, values: points.map((p) => p.errors) },
        { label: t('fn.timeouts'), colour: colour.cold, values: points.map((p) => p.timeouts) },
        { label: t('fn.throttles'), colour: colour.p95, values: points.map((p) => p.throttles) },
      ],
      latency: [
        { label: 'p50', colour: colour.invocations, values: where(points, (p) => p.p50Ns) },
        { label: 'p95', colour: colour.p95, values: where(points, (p) => p.p95Ns) },
        { label: 'p99', colour: colour.error, values: where(points, (p) => p.p99Ns) },
      ],
      cold: [
        { label: t('fn.cold'), colour: colour.cold, fill: true, values: where(points, (p) => p.coldShare) },
      ],
    };
  }, [data, theme, t]);
  const shared = {
    timesMs: charts.timesMs,
    marks: charts.marks,
    onRange: brush,
    group: `function ${data.name}`,
  };
  return (
    <div>
      <div className={classes.charts}>
        <div className={classes.chart}>
          <TimeChart label={t('fn.invocations')} series={charts.calls} format={format.compact} {...shared} />
        </div>
        <div className={classes.chart}>
          <TimeChart label={t('fn.latency')} series={charts.latency} format={format.duration} {...shared} />
        </div>
        <div className={classes.chart}>
          <TimeChart label={t('fn.errors')} series={charts.errors} format={format.compact} {...shared} />
        </div>
        <div className={classes.chart}>
          <TimeChart label={t('fn.coldStarts')} series={charts.cold} format={percent} {...shared} />
        </div>
      </div>
      <Text size="xs" c="dimmed" mt={6}>
        {t('fn.dragHint')}
      </Text>
    </div>
  );
}
