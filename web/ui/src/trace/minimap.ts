import { colourOf } from '../lib/colour';
import { type GapScale, toShare } from './gaps';
import { FLAG_BLOCK, FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import { prepare, type Style } from './paint';
import { hatch } from './paint-marks';
import { isWhole, type TimeWindow } from './timescale';

const TICK = 6;

/** Draws every span of the trace by depth-first order from top to bottom, errors as ticks on top, the rest dimmed. */
export function paintMinimap(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  model: TraceModel,
  window: TimeWindow,
  scale: GapScale | undefined,
  style: Style,
): void {
  const context = prepare(canvas, width, height);
  if (!context) return;
  const place = (ns: number) => toShare(ns, model.durationNs, scale) * width;
  for (const gap of scale?.gaps ?? []) {
    context.fillStyle = hatch(context, style.line, false);
    context.fillRect(place(gap.from), 0, place(gap.to) - place(gap.from), height);
  }
  const room = height - TICK - 2;
  const line = Math.max(1, Math.min(4, (1.6 * room) / Math.max(1, model.rows)));
  // A pixel of one colour on one line is drawn once, so a hundred thousand spans cost what fits on the screen.
  const drawn = new Set<number>();
  for (let row = 0; row < model.rows; row++) {
    if (((model.flags[row] ?? 0) & (FLAG_ORPHANS | FLAG_BLOCK)) !== 0) continue;
    const start = model.start[row] ?? 0;
    const x = Math.floor(place(start));
    const w = Math.max(1, Math.round(place(start + (model.duration[row] ?? 0)) - place(start)));
    const y = Math.round(TICK + 2 + Math.min(room - line, (row / model.rows) * room));
    const key = (y * 8192 + x) * 8192 + w;
    if (drawn.has(key)) continue;
    drawn.add(key);
    const service = model.services[model.service[row] ?? -1] ?? '';
    context.fillStyle = colourOf(style.colours.get(service), style.theme);
    context.fillRect(x, y, w, line);
  }
  paintErrors(context, model, place, style);
  if (!isWhole(window, model.durationNs))
    paintWindow(context, place(window.from), place(window.to), width, height, style);
}

function paintErrors(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  place: (ns: number) => number,
  style: Style,
): void {
  context.fillStyle = style.error;
  let last = -TICK;
  const marks: number[] = [];
  for (let row = 0; row < model.rows; row++) {
    if (model.status[row] === STATUS_ERROR) marks.push(place(model.start[row] ?? 0));
  }
  for (const x of marks.sort((a, b) => a - b)) {
    if (x - last < 2) continue;
    last = x;
    context.beginPath();
    context.moveTo(x - 3.5, 0);
    context.lineTo(x + 3.5, 0);
    context.lineTo(x, TICK);
    context.fill();
  }
}

function paintWindow(
  context: CanvasRenderingContext2D,
  left: number,
  end: number,
  width: number,
  height: number,
  style: Style,
): void {
  const right = Math.max(left + 2, end);
  context.globalAlpha = 0.72;
  context.fillStyle = style.surface;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.fillStyle = style.text;
  context.fillRect(left, 0, 1, height);
  context.fillRect(right - 1, 0, 1, height);
}
