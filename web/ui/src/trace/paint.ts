import { colourOf, type ServiceColour, type Theme } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import { FLAG_BLOCK, FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import { END_WIDTH, hatch, paintEnd, paintTicks } from './paint-marks';
import { fillOf, stateOf } from './row-label';
import type { TimeWindow } from './timescale';

/** What painting needs to know about the page; read once per theme or language change. */
export type Style = {
  theme: Theme;
  language: string;
  colours: Map<string, ServiceColour>;
  text: string;
  dimmed: string;
  line: string;
  surface: string;
  error: string;
  accent: string;
  cold: string;
  font: string;
};

export const BAR_HEIGHT = 12;
const MIN_BAR = 2;
const LABEL_GAP = 6;
/** Room on both sides of the bars, so that a mark at either end is not cut. */
export const PADDING = 10;

export function toX(ns: number, { from, to, scale }: TimeWindow, width: number): number {
  const room = width - 2 * PADDING;
  if (!scale) return PADDING + ((ns - from) / (to - from)) * room;
  const left = scale.toShown(from);
  return PADDING + ((scale.toShown(ns) - left) / (scale.toShown(to) - left)) * room;
}

export function toNs(x: number, { from, to, scale }: TimeWindow, width: number): number {
  const share = (x - PADDING) / (width - 2 * PADDING);
  if (!scale) return from + share * (to - from);
  const left = scale.toShown(from);
  return scale.toReal(left + share * (scale.toShown(to) - left));
}

/** Sizes a canvas to its box in device pixels and returns a cleared context in CSS pixels. */
export function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** Draws the bar of one row around the vertical centre y. */
export function paintBar(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  row: number,
  y: number,
  width: number,
  window: TimeWindow,
  style: Style,
  collapsed: boolean,
  labelled = true,
): void {
  const start = model.start[row] ?? 0;
  const duration = model.duration[row] ?? 0;
  const x = toX(start, window, width);
  const end = Math.max(x + MIN_BAR, toX(start + duration, window, width));
  const top = y - BAR_HEIGHT / 2;
  const flags = model.flags[row] ?? 0;
  // A row that is no span: it holds others.
  const holds = (flags & (FLAG_ORPHANS | FLAG_BLOCK)) !== 0;
  const service = model.services[model.service[row] ?? -1] ?? '';
  const colour = style.colours.get(service);
  const failed = model.status[row] === STATUS_ERROR;
  const fill = fillOf(model, row);
  const own =
    fill === 'cold' ? style.cold : fill === 'service' ? colourOf(colour, style.theme) : style.dimmed;
  if (collapsed) {
    const below = toX(model.subtreeEnd[row] ?? 0, window, width);
    context.globalAlpha = 0.25;
    context.fillStyle = holds ? style.dimmed : own;
    context.fillRect(x, y - 2, Math.max(end, below) - x, 4);
    context.globalAlpha = 1;
  }
  if (end < 0 || x > width) {
    paintOutside(context, end < 0, y, width, style);
    return;
  }
  // Canvas coordinates lose precision far outside; a zoomed-in bar may be a million pixels long.
  const left = Math.max(x, -20);
  const right = Math.min(end, width + 20);
  if (holds || fill === 'unexplained' || fill === 'queue') {
    paintOutline(
      context,
      left,
      right,
      top,
      flags & FLAG_BLOCK ? style.accent : style.dimmed,
      fill === 'queue',
    );
    // Nothing is known of what is unexplained, so nothing fills it.
    if (fill !== 'service') {
      context.fillStyle = hatch(context, fill === 'queue' ? style.dimmed : style.line, false);
      context.fillRect(left, top, right - left, BAR_HEIGHT);
    }
    if (fill === 'unexplained' && right - left > 14) {
      context.fillStyle = style.text;
      context.fillText('?', (Math.max(left, 0) + Math.min(right, width)) / 2 - 3, y);
    }
  } else {
    // Strong where the span itself ran, faint where it waited for its children; outlined, so that it is seen either way.
    const shaded = !collapsed && (model.subtree[row] ?? 1) > 1 && right - left > 6;
    context.fillStyle = own;
    context.beginPath();
    context.roundRect(left, top, right - left, BAR_HEIGHT, 2);
    if (shaded) {
      context.globalAlpha = 0.42;
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = own;
      context.stroke();
      paintSelf(context, model, row, top, width, window);
    } else context.fill();
    if (fill === 'cold' && right - left > 3) {
      context.fillStyle = hatch(context, style.surface, true);
      context.fillRect(left, top, right - left, BAR_HEIGHT);
    } else if (colour?.striped) paintStripes(context, left, right, top, style);
  }
  if (failed) {
    context.strokeStyle = style.error;
    context.lineWidth = 2;
    context.strokeRect(left - 1, top - 1, right - left + 2, BAR_HEIGHT + 2);
    context.lineWidth = 1;
  }
  const state = stateOf(flags);
  if (state && end <= width) paintEnd(context, state, right, y, own, style);
  if ((model.ticks.first[row + 1] ?? 0) > (model.ticks.first[row] ?? 0))
    paintTicks(context, model, row, y, width, window, style);
  if (!labelled) return;
  const after = state ? right + END_WIDTH : right;
  paintLabel(
    context,
    formatDuration(duration, style.language),
    left,
    after,
    y,
    width,
    style,
    model.waits.has(row),
  );
}

function paintOutline(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  top: number,
  colour: string,
  solid: boolean,
): void {
  context.strokeStyle = colour;
  if (!solid) context.setLineDash([4, 3]);
  context.strokeRect(left + 0.5, top + 0.5, Math.max(1, right - left - 1), BAR_HEIGHT - 1);
  context.setLineDash([]);
}

/** The parts of a bar in which none of the span's children ran; parts below a pixel are drawn once a pixel. */
function paintSelf(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  row: number,
  top: number,
  width: number,
  window: TimeWindow,
): void {
  const { first, from, to } = model.self;
  const end = first[row + 1] ?? 0;
  let k = firstAfter(to, first[row] ?? 0, end, toNs(-2, window, width));
  while (k < end) {
    const left = toX(from[k] ?? 0, window, width);
    if (left > width + 2) return;
    const right = Math.min(width + 2, toX(to[k] ?? 0, window, width));
    context.fillRect(Math.max(-2, left), top, Math.max(0.5, right - Math.max(-2, left)), BAR_HEIGHT);
    // What ends within this pixel could not be told apart.
    k = right - left >= 1 ? k + 1 : Math.max(k + 1, firstAfter(to, k, end, toNs(left + 1, window, width)));
  }
}

/** The first of values[low..high), which rise, above bound. */
export function firstAfter(values: Float64Array, low: number, high: number, bound: number): number {
  let [a, b] = [low, high];
  while (a < b) {
    const middle = (a + b) >> 1;
    if ((values[middle] ?? 0) > bound) b = middle;
    else a = middle + 1;
  }
  return a;
}

function paintStripes(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  top: number,
  style: Style,
): void {
  context.fillStyle = style.surface;
  for (let x = left + 3; x < Math.min(right, left + 24); x += 6) context.fillRect(x, top, 2, BAR_HEIGHT);
}

/** An arrow at the edge for a bar outside the window. */
function paintOutside(
  context: CanvasRenderingContext2D,
  before: boolean,
  y: number,
  width: number,
  style: Style,
): void {
  const [tip, base] = before ? [2, 8] : [width - 2, width - 8];
  context.fillStyle = style.dimmed;
  context.beginPath();
  context.moveTo(tip, y);
  context.lineTo(base, y - 4);
  context.lineTo(base, y + 4);
  context.fill();
}

export function paintLabel(
  context: CanvasRenderingContext2D,
  label: string,
  left: number,
  right: number,
  y: number,
  width: number,
  style: Style,
  patched = false,
): void {
  const room = context.measureText(label).width;
  let x = right + LABEL_GAP;
  if (x + room > width) x = left - LABEL_GAP - room;
  if (x >= 0) {
    context.fillStyle = style.surface;
    // What the bar waited for is drawn where its label may stand.
    if (patched && x < left) context.fillRect(x - 2, y - 7, room + 4, 14);
    context.fillStyle = style.text;
    context.fillText(label, x, y);
    return;
  }
  // The bar fills the window: the label stands on it, on a patch of the surface so that it can be read on any colour.
  const at = Math.max(4, Math.min(width - room - 8, (Math.max(0, left) + Math.min(width, right) - room) / 2));
  context.fillStyle = style.surface;
  context.fillRect(at - 4, y - 7, room + 8, 14);
  context.fillStyle = style.text;
  context.fillText(label, at, y);
}
