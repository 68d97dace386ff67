import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Heatmap } from '../../../api/search';
import { useFormats } from '../../../components/use-formats';
import type { Brush } from '../../../lib/brush';
import { useCanvasStyle } from '../../../theme/use-theme';
import { fromMillis } from '../../../units';
import { useBrushWords } from '../use-brush-words';
import { type Box, durationsOf, type OnBrush } from './frame';
import { cellAt, decadesOf, type HeatCell, heatLayout, paintHeat } from './heat-plot';
import { PLOT_HEIGHT, PlotBox } from './PlotBox';
import { Tip, Twin } from './Twin';

const NO_COLOURS = new Map();

type Props = {
  map: Heatmap;
  width: number;
  brush: Brush | undefined;
  onBrush: OnBrush;
};

/** Spans by time and duration. */
export function Heat({ map, width, brush, onBrush }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const words = useBrushWords();
  const style = useCanvasStyle(NO_COLOURS);
  const colour = useAccent(style.theme);
  const [hovered, setHovered] = useState<{ cell: HeatCell; x: number; y: number } | undefined>();
  const plot = useMemo(() => heatLayout(map, width, PLOT_HEIGHT), [map, width]);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, w: number, h: number) =>
      paintHeat(context, w, h, plot, colour, style),
    [plot, colour, style],
  );
  const { domain } = plot;
  const top = plot.powers.at(-1) ?? 1;
  const box =
    brush && (brush.time || brush.span)
      ? {
          x0: plot.x.to(Math.max(domain.fromMs, brush.time?.fromMs ?? domain.fromMs)),
          x1: plot.x.to(Math.min(domain.toMs, brush.time?.toMs ?? domain.toMs)),
          y0: plot.y.to(Math.min(top, brush.span?.to ?? top)),
          y1: plot.y.to(brush.span?.from ?? 0),
        }
      : undefined;
  const rows = useMemo(() => decadesOf(plot.cells), [plot]);
  const spans = rows.reduce((sum, row) => sum + row.spans, 0);
  const errors = rows.reduce((sum, row) => sum + row.errors, 0);
  const brushOf = ({ x0, x1, y0, y1 }: Box): Brush => ({
    time: { fromMs: plot.x.from(x0), toMs: plot.x.from(x1) + 1 },
    span: durationsOf(plot.y, y1, y0),
  });
  return (
    <>
      <PlotBox
        label={t('viz.heatSummary', { spans: format.count(spans), errors: format.count(errors) })}
        draw={draw}
        width={width}
        upright
        box={box}
        onBox={(box) => onBrush(brushOf(box))}
        onClear={() => onBrush(undefined)}
        say={(box) => words(brushOf(box))}
        onHover={(x, y) => {
          const cell = cellAt(plot.cells, x, y);
          setHovered(cell && { cell, x, y });
        }}
        onLeave={() => setHovered(undefined)}
      >
        {hovered && (
          <Tip x={hovered.x} y={hovered.y} width={width}>
            <strong>{`${format.duration(hovered.cell.fromNs)} – ${format.duration(hovered.cell.toNs)}`}</strong>
            <span>{format.instantShort(fromMillis(hovered.cell.atMs))}</span>
            <span>
              {t('viz.spansErrors', {
                spans: format.count(hovered.cell.spans),
                errors: format.count(hovered.cell.errors),
              })}
            </span>
          </Tip>
        )}
      </PlotBox>
      <Twin
        label={t('viz.heat')}
        head={t('results.duration')}
        rows={rows.map((row) => ({ ...row, label: `≥ ${format.duration(row.fromNs)}` }))}
      />
    </>
  );
}

/** The colour of what is neither good nor bad, for the theme. */
export const useAccent = (theme: string) =>
  useMemo(
    () => theme && getComputedStyle(document.documentElement).getPropertyValue('--weft-accent').trim(),
    [theme],
  );
