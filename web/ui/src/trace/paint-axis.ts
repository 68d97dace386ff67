import { formatDuration } from '../lib/duration';
import { prepare, type Style, toX } from './paint';
import { formatTick, type TimeWindow, ticks } from './timescale';

export const tickCount = (width: number) => Math.max(2, Math.floor(width / 130));

export function paintAxis(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  window: TimeWindow,
  style: Style,
): void {
  const context = prepare(canvas, width, height);
  if (!context) return;
  const { at, step } = axisTicks(window, width);
  context.font = style.font;
  context.textBaseline = 'middle';
  let taken = Number.NEGATIVE_INFINITY;
  for (const ns of at) {
    const x = Math.round(toX(ns, window, width)) + 0.5;
    // Within a shortened gap the ticks stand too close to be read.
    if (window.scale && x < taken) continue;
    context.fillStyle = style.line;
    context.fillRect(x - 0.5, height - 7, 1, 7);
    const label = window.scale
      ? formatDuration(ns, style.language)
      : formatTick(ns, step, window, style.language);
    const room = context.measureText(label).width;
    taken = x + room + 12;
    context.fillStyle = style.dimmed;
    context.fillText(label, Math.min(x + 5, width - room - 2), height / 2);
  }
}

/** Round instants; where gaps are drawn short, the ends of gaps, for there the picture goes on. */
function axisTicks(window: TimeWindow, width: number): { at: number[]; step: number } {
  if (!window.scale) return ticks(window, tickCount(width));
  const starts = window.scale.gaps.map((gap) => gap.to);
  const at = [window.from, ...starts.filter((ns) => ns > window.from && ns < window.to)];
  return { at, step: 1 };
}

export function paintGrid(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  window: TimeWindow,
  style: Style,
): void {
  context.fillStyle = style.line;
  for (const ns of axisTicks(window, width).at) {
    context.fillRect(Math.round(toX(ns, window, width)), 0, 1, height);
  }
}
