import { colourOf } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import type { CriticalPath } from './critical';
import type { TraceModel } from './model';
import { BAR_HEIGHT, paintLabel, type Style, toX } from './paint';
import { hatch } from './paint-marks';
import type { Repeats } from './repeats';
import type { TimeWindow } from './timescale';

const PATH_HEIGHT = 3;

/** The critical path as a line under the bar, apart from it by the surface, so that it is seen on any colour. */
export function paintPath(
  context: CanvasRenderingContext2D,
  path: CriticalPath,
  row: number,
  y: number,
  width: number,
  window: TimeWindow,
  style: Style,
): void {
  const top = y + BAR_HEIGHT / 2 + 1.5;
  for (let k = path.first[row] ?? -1; k >= 0; k = path.next[k] ?? -1) {
    const left = toX(path.from[k] ?? 0, window, width);
    const right = toX(path.to[k] ?? 0, window, width);
    if (right < 0 || left > width) continue;
    const x = Math.max(0, left);
    context.fillStyle = style.text;
    context.fillRect(x, top, Math.max(1.5, Math.min(width, right) - x), PATH_HEIGHT);
  }
}

/** All members of a run of repeated siblings on one row. */
export function paintRun(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  repeats: Repeats,
  head: number,
  y: number,
  width: number,
  window: TimeWindow,
  style: Style,
): void {
  const service = model.services[model.service[head] ?? -1] ?? '';
  let drawn = Number.NEGATIVE_INFINITY;
  let first = width;
  let total = 0;
  let last = 0;
  for (let row = head; row < (repeats.end[head] ?? 0); row += model.subtree[row] ?? 1) {
    const start = model.start[row] ?? 0;
    const took = model.duration[row] ?? 0;
    total += took;
    const x = toX(start, window, width);
    const end = Math.max(x + 1.5, toX(start + took, window, width));
    first = Math.min(first, x);
    last = Math.max(last, end);
    if (end < 0 || x > width || end < drawn + 0.5) continue;
    drawn = end;
    context.fillStyle =
      model.status[row] === 2 ? style.error : colourOf(style.colours.get(service), style.theme);
    context.fillRect(Math.max(0, x), y - BAR_HEIGHT / 2, Math.min(width, end) - Math.max(0, x), BAR_HEIGHT);
  }
  if (last < 0 || first > width) return;
  paintLabel(context, formatDuration(total, style.language), Math.max(first, 0), last, y, width, style);
}

/** Hatches what the scale draws short, and writes what it waited for. */
export function paintGaps(
  context: CanvasRenderingContext2D,
  names: readonly string[],
  width: number,
  height: number,
  window: TimeWindow,
  style: Style,
): void {
  const gaps = window.scale?.gaps ?? [];
  for (const [k, gap] of gaps.entries()) {
    const left = toX(gap.from, window, width);
    const right = toX(gap.to, window, width);
    if (right < 0 || left > width) continue;
    context.fillStyle = hatch(context, style.line, false);
    context.fillRect(left, 0, right - left, height);
    context.save();
    context.translate((left + right) / 2, height / 2);
    context.rotate(-Math.PI / 2);
    const text = names[k] ?? '';
    const room = context.measureText(text).width;
    context.fillStyle = style.surface;
    context.fillRect(-room / 2 - 4, -8, room + 8, 16);
    context.fillStyle = style.text;
    context.textAlign = 'center';
    context.fillText(text, 0, 0);
    context.restore();
  }
}
