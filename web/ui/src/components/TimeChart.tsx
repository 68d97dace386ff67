import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatAxisTime } from '../lib/instant';
import { useCanvasStyle } from '../theme/use-theme';
import classes from './TimeChart.module.css';
import { useFormats } from './use-formats';
import { useSize } from './use-size';

export type Series = { label: string; colour: string; values: readonly (number | null)[]; fill?: boolean };

/** Something that happened at one moment, such as a new version. */
export type Mark = { atMs: number; label: string };

type Props = {
  label: string;
  timesMs: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  height?: number;
  marks?: readonly Mark[];
  /** Called with the ends of what was dragged over, in milliseconds. */
  onRange?: (fromMs: number, toMs: number) => void;
  /** Charts of one group show their cursors together. */
  group?: string;
};

const NO_COLOURS = new Map();

/** The values without a neighbour, which no line goes through: they are dots. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const found: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  return found;
}

/** Lines over time. Its values also stand in a table that screen readers find. */
export function TimeChart({
  label,
  timesMs,
  series,
  format,
  height = 140,
  marks = [],
  onRange,
  group,
}: Props) {
  const { t } = useTranslation();
  const formats = useFormats();
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const style = useCanvasStyle(NO_COLOURS);
  const latest = useRef({ format, onRange });
  latest.current = { format, onRange };
  const spanMs = (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0);
  const options = useMemo(
    (): Omit<uPlot.Options, 'width' | 'height'> => ({
      legend: { show: false },
      cursor: {
        points: { size: 6 },
        drag: { x: true, y: false, setScale: false },
        ...(group && { sync: { key: group } }),
      },
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [
        {
          stroke: style.dimmed,
          grid: { stroke: style.line, width: 1 },
          ticks: { show: false },
          font: style.font,
          size: 26,
          values: (_, splits) => splits.map((ms) => formatAxisTime(ms, spanMs, style.language)),
        },
        {
          stroke: style.dimmed,
          grid: { stroke: style.line, width: 1 },
          ticks: { show: false },
          font: style.font,
          size: 64,
          values: (_, splits) => splits.map((value) => latest.current.format(value)),
        },
      ],
      series: [
        {},
        ...series.map(({ label: name, colour, fill }) => ({
          label: name,
          stroke: colour,
          width: 1.5,
          points: { show: true, size: 5, filter: alone },
          ...(fill && { fill: `${colour}26` }),
        })),
      ],
      hooks: {
        setSelect: [
          (plot) => {
            if (plot.select.width < 3) return;
            latest.current.onRange?.(
              plot.posToVal(plot.select.left, 'x'),
              plot.posToVal(plot.select.left + plot.select.width, 'x'),
            );
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        draw: [(plot) => drawMarks(plot, marks, style.dimmed)],
      },
    }),
    [series, marks, style, spanMs, group],
  );
  useEffect(() => {
    if (!box.current || width === 0) return;
    const data = [[...timesMs], ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
    const plot = new uPlot({ ...options, width, height }, data, box.current);
    return () => plot.destroy();
  }, [options, timesMs, series, width, height]);
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        {label}
        {series.length > 1 &&
          series.map(({ label: name, colour }) => (
            <span key={name} className={classes.key}>
              <span className={classes.swatch} style={{ background: colour }} aria-hidden="true" />
              {name}
            </span>
          ))}
      </figcaption>
      <div ref={box} className={classes.plot} style={{ height }} aria-hidden="true" />
      <table className={classes.twin} aria-label={label}>
        <thead>
          <tr>
            <th>{t('table.time')}</th>
            {series.map(({ label: name }) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timesMs.map((ms, i) => (
            <tr key={ms}>
              <td>{formatAxisTime(ms, spanMs, formats.language)}</td>
              {series.map(({ label: name, values }) => (
                <td key={name}>{values[i] == null ? '–' : format(values[i] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function drawMarks(plot: uPlot, marks: readonly Mark[], colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.setLineDash([4, 3]);
  for (const { atMs, label } of marks) {
    const x = plot.valToPos(atMs, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // At the right edge the label stands before its line, so that it is not cut.
    const before = x + 8 + ctx.measureText(label).width > bbox.left + bbox.width;
    ctx.textAlign = before ? 'right' : 'left';
    ctx.fillText(label, before ? x - 4 : x + 4, bbox.top + 12);
  }
  ctx.restore();
}
