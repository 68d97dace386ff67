import { colourOf, type ServiceColour, type Theme } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import { FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import { formatTick, type TimeWindow, ticks } from './timescale';

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
  font: string;
};

export const BAR_HEIGHT = 12;
const MIN_BAR = 2;
const LABEL_GAP = 6;
/** Room on both sides of the bars, so that a mark at either end is not cut. */
export const PADDING = 10;

export const toX = (ns: number, window: TimeWindow, width: number) =>
  PADDING + ((ns - window.from) / (window.to - window.from)) * (width - 2 * PADDING);

export const toNs = (x: number, window: TimeWindow, width: number) =>
  window.from + ((x - PADDING) / (width - 2 * PADDING)) * (window.to - window.from);

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
  const { at, step } = ticks(window, tickCount(width));
  context.font = style.font;
  context.textBaseline = 'middle';
  for (const ns of at) {
    const x = Math.round(toX(ns, window, width)) + 0.5;
    context.fillStyle = style.line;
    context.fillRect(x - 0.5, height - 7, 1, 7);
    const label = formatTick(ns, step, window, style.language);
    const room = context.measureText(label).width;
    context.fillStyle = style.dimmed;
    context.fillText(label, Math.min(x + 5, width - room - 2), height / 2);
  }
}

export function paintGrid(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  window: TimeWindow,
  style: Style,
): void {
  context.fillStyle = style.line;
  for (const ns of ticks(window, tickCount(width)).at) {
    context.fillRect(Math.round(toX(ns, window, width)), 0, 1, height);
  }
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
): void {
  const start = model.start[row] ?? 0;
  const duration = model.duration[row] ?? 0;
  const x = toX(start, window, width);
  const end = Math.max(x + MIN_BAR, toX(start + duration, window, width));
  const top = y - BAR_HEIGHT / 2;
  const orphans = ((model.flags[row] ?? 0) & FLAG_ORPHANS) !== 0;
  const service = model.services[model.service[row] ?? -1] ?? '';
  const colour = style.colours.get(service);
  const failed = model.status[row] === STATUS_ERROR;
  if (collapsed) {
    const below = toX(model.subtreeEnd[row] ?? 0, window, width);
    context.globalAlpha = 0.25;
    context.fillStyle = orphans ? style.dimmed : colourOf(colour, style.theme);
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
  if (orphans) {
    context.strokeStyle = style.dimmed;
    context.setLineDash([4, 3]);
    context.strokeRect(left + 0.5, top + 0.5, Math.max(1, right - left - 1), BAR_HEIGHT - 1);
    context.setLineDash([]);
  } else {
    context.fillStyle = colourOf(colour, style.theme);
    context.beginPath();
    context.roundRect(left, top, right - left, BAR_HEIGHT, 2);
    context.fill();
    if (colour?.striped) paintStripes(context, left, right, top, style);
  }
  if (failed) {
    context.strokeStyle = style.error;
    context.lineWidth = 2;
    context.strokeRect(left - 1, top - 1, right - left + 2, BAR_HEIGHT + 2);
    context.lineWidth = 1;
  }
  paintLabel(context, formatDuration(duration, style.language), left, right, y, width, style);
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

function paintLabel(
  context: CanvasRenderingContext2D,
  label: string,
  left: number,
  right: number,
  y: number,
  width: number,
  style: Style,
): void {
  const room = context.measureText(label).width;
  let x = right + LABEL_GAP;
  if (x + room > width) x = left - LABEL_GAP - room;
  if (x >= 0) {
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
