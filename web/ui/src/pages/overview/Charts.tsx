import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSeries } from '../../api/overview';
import type { components } from '../../api/schema';
import { Result } from '../../components/Result';
import { TimeChart } from '../../components/TimeChart';
import { useFormats } from '../../components/use-formats';
import { ERROR, PALETTE } from '../../lib/colour';
import type { RangeText } from '../../lib/range';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';
import classes from './OverviewPage.module.css';
import { Panel, PanelSkeleton } from './Panel';

type Props = {
  params: { from: string; to?: string };
  refetchInterval: number | false;
  onRange: (range: RangeText) => void;
};

/** How many spans there are, which share fails and how long they take; dragging chooses the time. */
export function Charts({ params, refetchInterval, onRange }: Props) {
  const { t } = useTranslation();
  const query = useSeries({ params, refetchInterval });
  return (
    <Panel title={t('overview.series')} hint={t('overview.seriesHint')}>
      <Result query={query} skeleton={<PanelSkeleton height={140} />}>
        {(series) => (
          <Three
            points={series.points}
            stepMs={series.stepNs / 1e6}
            onRange={(fromMs, toMs) => onRange({ from: iso(fromMs), to: iso(toMs) })}
          />
        )}
      </Result>
    </Panel>
  );
}

const iso = (ms: number) => new Date(Math.round(ms)).toISOString();

type ThreeProps = {
  points: readonly components['schemas']['OperationPoint'][];
  stepMs: number;
  onRange: (fromMs: number, toMs: number) => void;
};

function Three({ points, stepMs, onRange }: ThreeProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const { times, calls, errors, latency } = useMemo(() => {
    // The step that is not over yet would look like a drop.
    const now = Date.now();
    const whole = points.filter((point) => toMillis(parseInstant(point.startNs)) + stepMs <= now);
    const some = (value: number, calls: number) => (calls > 0 ? value : null);
    const [blue = '', , purple = ''] = PALETTE[theme];
    return {
      times: whole.map((point) => toMillis(parseInstant(point.startNs))),
      calls: [
        { label: t('overview.calls'), colour: blue, values: whole.map(({ rate }) => rate), fill: true },
      ],
      errors: [
        {
          label: t('overview.errors'),
          colour: ERROR[theme],
          values: whole.map((point) => some(point.errorRate, point.calls)),
          fill: true,
        },
      ],
      latency: [
        { label: 'p95', colour: purple, values: whole.map((point) => some(point.p95Ns, point.calls)) },
        { label: 'p50', colour: blue, values: whole.map((point) => some(point.p50Ns, point.calls)) },
      ],
    };
  }, [points, stepMs, theme, t]);
  const shared = { timesMs: times, height: 120, group: 'overview', onRange };
  return (
    <div className={classes.charts}>
      <TimeChart {...shared} label={t('overview.calls')} series={calls} format={format.ratio} />
      <TimeChart {...shared} label={t('overview.errors')} series={errors} format={format.percent} />
      <TimeChart {...shared} label={t('overview.latency')} series={latency} format={format.duration} />
    </div>
  );
}
