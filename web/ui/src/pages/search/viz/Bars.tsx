import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Histogram } from '../../../api/search';
import { useFormats } from '../../../components/use-formats';
import type { Brush } from '../../../lib/brush';
import { formatDuration } from '../../../lib/duration';
import { useCanvasStyle } from '../../../theme/use-theme';
import { fromMillis } from '../../../units';
import { useBrushWords } from '../use-brush-words';
import { type Bar, barAt, durationBars, paintBars, paintMarks, timeBars } from './bars-plot';
import { BOTTOM, type Box, durationsOf, type OnBrush, paintTimes, TOP } from './frame';
import { useAccent } from './Heat';
import { decadesOf } from './heat-plot';
import { PLOT_HEIGHT, PlotBox } from './PlotBox';
import { Tip, Twin } from './Twin';

const NO_COLOURS = new Map();

type Props = {
  histogram: Histogram;
  width: number;
  brush: Brush | undefined;
  onBrush: OnBrush;
};

/** How many spans took how long. */
export function Durations({ histogram, width, brush, onBrush }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const words = useBrushWords();
  const style = useCanvasStyle(NO_COLOURS);
  const colour = useAccent(style.theme);
  const [hovered, setHovered] = useState<{ bar: Bar; x: number } | undefined>();
  const plot = useMemo(() => durationBars(histogram, width), [histogram, width]);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, w: number, h: number) => {
      paintBars(context, w, h, plot, colour, style);
      paintMarks(
        context,
        h,
        [
          { x: plot.x.to(histogram.p50Ns), label: 'p50' },
          { x: plot.x.to(histogram.p95Ns), label: 'p95' },
          { x: plot.x.to(histogram.p99Ns), label: 'p99' },
        ],
        style,
      );
      context.fillStyle = style.dimmed;
      context.textBaseline = 'middle';
      plot.powers.forEach((power, i) => {
        context.textAlign = i === 0 ? 'left' : i === plot.powers.length - 1 ? 'right' : 'center';
        context.fillText(formatDuration(power, style.language), plot.x.to(power), h - BOTTOM / 2 + 1);
      });
    },
    [plot, histogram, colour, style],
  );
  const high = plot.powers.at(-1) ?? 1;
  const box = brush?.span && {
    x0: plot.x.to(brush.span.from),
    x1: plot.x.to(Math.min(high, brush.span.to ?? high)),
    y0: TOP,
    y1: PLOT_HEIGHT - BOTTOM,
  };
  const brushOf = ({ x0, x1 }: Box): Brush => ({ span: durationsOf(plot.x, x0, x1) });
  return (
    <>
      <PlotBox
        label={t('viz.histogramSummary', {
          spans: format.count(histogram.spans),
          p50: format.duration(histogram.p50Ns),
          p95: format.duration(histogram.p95Ns),
          p99: format.duration(histogram.p99Ns),
        })}
        draw={draw}
        width={width}
        upright={false}
        box={box}
        onBox={(box) => onBrush(brushOf(box))}
        onClear={() => onBrush(undefined)}
        say={(box) => words(brushOf(box))}
        onHover={(x) => {
          const bar = barAt(plot.bars, x);
          setHovered(bar && { bar, x });
        }}
        onLeave={() => setHovered(undefined)}
      >
        {hovered && (
          <BarTip
            {...hovered}
            width={width}
            title={`${format.duration(hovered.bar.from)} – ${format.duration(hovered.bar.to)}`}
          />
        )}
      </PlotBox>
      <Twin
        label={t('viz.histogram')}
        head={t('results.duration')}
        rows={decadesOf(histogram.buckets).map((row) => ({
          ...row,
          label: `≥ ${format.duration(row.fromNs)}`,
        }))}
      />
    </>
  );
}

/** How many spans started when. */
export function OverTime({ histogram, width, brush, onBrush }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const words = useBrushWords();
  const style = useCanvasStyle(NO_COLOURS);
  const colour = useAccent(style.theme);
  const [hovered, setHovered] = useState<{ bar: Bar; x: number } | undefined>();
  const plot = useMemo(() => timeBars(histogram, width), [histogram, width]);
  const { domain } = plot;
  const draw = useCallback(
    (context: CanvasRenderingContext2D, w: number, h: number) => {
      paintBars(context, w, h, plot, colour, style);
      paintTimes(context, w, h, plot.domain, plot.x, style);
    },
    [plot, colour, style],
  );
  const box = brush?.time && {
    x0: plot.x.to(Math.max(domain.fromMs, brush.time.fromMs)),
    x1: plot.x.to(Math.min(domain.toMs, brush.time.toMs)),
    y0: TOP,
    y1: PLOT_HEIGHT - BOTTOM,
  };
  const at = (ms: number) => format.instantShort(fromMillis(ms));
  const brushOf = ({ x0, x1 }: Box): Brush => ({
    time: { fromMs: plot.x.from(x0), toMs: plot.x.from(x1) + 1 },
  });
  return (
    <>
      <PlotBox
        label={t('viz.timeSummary', {
          spans: format.count(histogram.spans),
          errors: format.count(histogram.errors),
        })}
        draw={draw}
        width={width}
        upright={false}
        box={box}
        onBox={(box) => onBrush(brushOf(box))}
        onClear={() => onBrush(undefined)}
        say={(box) => words(brushOf(box))}
        onHover={(x) => {
          const bar = barAt(plot.bars, x);
          setHovered(bar && { bar, x });
        }}
        onLeave={() => setHovered(undefined)}
      >
        {hovered && <BarTip {...hovered} width={width} title={at(hovered.bar.from)} />}
      </PlotBox>
      <Twin
        label={t('viz.time')}
        head={t('table.time')}
        rows={plot.bars.map((bar) => ({ ...bar, label: at(bar.from) }))}
      />
    </>
  );
}

function BarTip({ bar, x, width, title }: { bar: Bar; x: number; width: number; title: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  return (
    <Tip x={x} y={TOP} width={width}>
      <strong>{title}</strong>
      <span>
        {t('viz.spansErrors', { spans: format.count(bar.spans), errors: format.count(bar.errors) })}
      </span>
    </Tip>
  );
}
