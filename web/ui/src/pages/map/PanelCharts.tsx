import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFunction } from '../../api/functions';
import { useOperationSeries } from '../../api/services';
import { TimeChart } from '../../components/TimeChart';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { ERROR, PALETTE } from '../../lib/colour';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';
import { useBrush } from '../functions/OverviewCharts';
import { type Replay, seriesOf } from './replay';

/** Calls and errors by time step, as the counters of the map have them. ids are those whose figures are added up. */
export function CallsChart({ replay, ids }: { replay: Replay | undefined; ids: readonly string[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const brush = useBrush();
  const chart = useMemo(() => {
    const sums = replay && seriesOf(replay, ids);
    if (!replay || !sums) return undefined;
    return {
      timesMs: sums.calls.map((_, i) => replay.fromMs + i * replay.stepMs),
      series: [
        { label: t('map.calls'), colour: PALETTE[theme][0] ?? '', fill: true, values: sums.calls },
        { label: t('map.errors'), colour: ERROR[theme], fill: true, values: sums.errors },
      ],
    };
  }, [replay, ids, t, theme]);
  if (!replay || !chart) return null;
  const length = format.duration(replay.stepMs * 1e6);
  return (
    <section>
      <TimeChart
        label={t('map.callsOver', { step: length })}
        height={104}
        format={format.compact}
        onRange={brush}
        group="map"
        {...chart}
      />
    </section>
  );
}

type Point = { startNs: string; p50Ns: number; p95Ns: number; p99Ns: number };

/** How long the spans of a service, or the invocations of a function, took over time. */
export function LatencyChart({ kind, name }: { kind: 'service' | 'function'; name: string }) {
  return kind === 'function' ? <FunctionLatency name={name} /> : <ServiceLatency name={name} />;
}

function FunctionLatency({ name }: { name: string }) {
  const { data } = useFunction(name, useRange());
  return <Latency points={data?.points.map((point) => ({ ...point, calls: point.invocations }))} />;
}

function ServiceLatency({ name }: { name: string }) {
  const { data } = useOperationSeries(useRange(), name);
  return <Latency points={data?.points} />;
}

function Latency({ points }: { points: readonly (Point & { calls: number })[] | undefined }) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const brush = useBrush();
  const chart = useMemo(() => {
    // A step without a call has no duration: the line breaks there.
    const values = (key: 'p50Ns' | 'p95Ns' | 'p99Ns') =>
      (points ?? []).map((point) => (point.calls > 0 ? point[key] : null));
    return {
      timesMs: (points ?? []).map(({ startNs }) => toMillis(parseInstant(startNs))),
      series: [
        { label: 'p50', colour: PALETTE[theme][0] ?? '', values: values('p50Ns') },
        { label: 'p95', colour: PALETTE[theme][2] ?? '', values: values('p95Ns') },
        { label: 'p99', colour: ERROR[theme], values: values('p99Ns') },
      ],
    };
  }, [points, theme]);
  if (!points || points.length === 0) return null;
  return (
    <section>
      <TimeChart
        label={t('map.latencyOver')}
        height={104}
        format={format.duration}
        onRange={brush}
        group="map"
        {...chart}
      />
    </section>
  );
}
