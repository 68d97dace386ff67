import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../../api/client';
import type { Sample } from '../../../api/search';
import { useFormats } from '../../../components/use-formats';
import type { Brush } from '../../../lib/brush';
import type { ServiceColour } from '../../../lib/colour';
import { useCanvasStyle } from '../../../theme/use-theme';
import { parseInstant } from '../../../units';
import { useBrushWords } from '../use-brush-words';
import { type Box, durationsOf, type OnBrush } from './frame';
import { PLOT_HEIGHT, PlotBox } from './PlotBox';
import { domainOf, layout, nearest, type Point, paintScatter } from './scatter-plot';
import classes from './viz.module.css';

type Props = {
  sample: Sample;
  extra: readonly TraceSummary[];
  colours: Map<string, ServiceColour>;
  width: number;
  brush: Brush | undefined;
  onBrush: OnBrush;
};

/** Duration over time, one mark a trace. The list below it says the same in text, so its points need no keyboard. */
export function Scatter({ sample, extra, colours, width, brush, onBrush }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const words = useBrushWords();
  const navigate = useNavigate();
  const style = useCanvasStyle(colours);
  const [hovered, setHovered] = useState<Point | undefined>();
  const traces = useMemo(() => [...sample.traces, ...extra], [sample, extra]);
  const domain = useMemo(() => domainOf(traces, sample), [traces, sample]);
  const plot = useMemo(() => layout(traces, domain, width, PLOT_HEIGHT), [traces, domain, width]);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, w: number, h: number) =>
      paintScatter(context, w, h, traces, plot, domain, hovered?.index ?? -1, style),
    [traces, plot, domain, hovered, style],
  );
  const trace = hovered && traces[hovered.index];
  const summary = useMemo(() => {
    const slowest = traces.reduce((longest, one) => Math.max(longest, one.durationNs), 0);
    const errors = traces.filter((one) => one.errors > 0).length;
    return t('scatter.summary', {
      count: traces.length,
      errors: format.count(errors),
      slowest: format.duration(slowest),
    });
  }, [traces, t, format]);
  const top = plot.powers.at(-1) ?? 1;
  const box =
    brush && (brush.time || brush.trace)
      ? {
          x0: plot.x.to(Math.max(domain.fromMs, brush.time?.fromMs ?? domain.fromMs)),
          x1: plot.x.to(Math.min(domain.toMs, brush.time?.toMs ?? domain.toMs)),
          y0: plot.y.to(Math.min(top, brush.trace?.to ?? top)),
          y1: plot.y.to(Math.max(plot.powers[0] ?? 1, brush.trace?.from ?? 0)),
        }
      : undefined;
  const brushOf = ({ x0, x1, y0, y1 }: Box): Brush => ({
    time: { fromMs: plot.x.from(x0), toMs: plot.x.from(x1) + 1 },
    trace: durationsOf(plot.y, y1, y0),
  });
  return (
    <PlotBox
      label={`${t('scatter.label')}. ${summary}`}
      draw={draw}
      width={width}
      upright
      box={box}
      pointer={hovered !== undefined}
      onBox={(box) => onBrush(brushOf(box))}
      onClear={() => onBrush(undefined)}
      say={(box) => words(brushOf(box))}
      onHover={(x, y) => setHovered(nearest(plot.points, x, y))}
      onLeave={() => setHovered(undefined)}
      onPick={(x, y) => {
        const found = nearest(plot.points, x, y);
        const opened = found && traces[found.index];
        if (opened) void navigate({ to: '/trace/$traceId', params: { traceId: opened.traceId } });
      }}
    >
      {trace && hovered && (
        <div
          className={classes.tip}
          style={{
            top: hovered.y,
            ...(hovered.x > width / 2 ? { right: width - hovered.x + 12 } : { left: hovered.x + 12 }),
          }}
        >
          <strong>
            {trace.rootService}: {trace.rootName || t('trace.unnamed')}
          </strong>
          <span>
            {format.duration(trace.durationNs)} · {format.instantShort(parseInstant(trace.startNs))}
          </span>
          <span>
            {t('results.spans')} {format.count(trace.spans)} · {t('results.errors')}{' '}
            {format.count(trace.errors)}
          </span>
        </div>
      )}
    </PlotBox>
  );
}
