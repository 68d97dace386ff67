import type { TraceModel } from './model';
import { BAR_HEIGHT, firstAfter, type Style, toNs, toX } from './paint';
import type { SpanState } from './row-label';
import type { TimeWindow } from './timescale';

const patterns = new Map<string, CanvasPattern>();
const TILE = 6;

/** Diagonal lines of a colour, which rise for waits and fall for cold starts; one pattern instead of hundreds of lines a bar. */
export function hatch(
  context: CanvasRenderingContext2D,
  colour: string,
  falling: boolean,
): CanvasPattern | string {
  const key = `${colour} ${falling}`;
  const known = patterns.get(key);
  if (known) return known;
  const tile = document.createElement('canvas');
  tile.width = TILE;
  tile.height = TILE;
  const to = tile.getContext('2d');
  if (!to) return colour;
  to.strokeStyle = colour;
  to.lineWidth = 1.4;
  // Drawn three times, so that the corners of the tile meet.
  for (const shift of [-TILE, 0, TILE]) {
    to.beginPath();
    to.moveTo(shift, falling ? 0 : TILE);
    to.lineTo(shift + TILE, falling ? TILE : 0);
    to.stroke();
  }
  const made = context.createPattern(tile, 'repeat');
  if (!made) return colour;
  patterns.set(key, made);
  return made;
}

/** How wide the mark of an end is. */
export const END_WIDTH = 11;

/** The right end of a bar that did not end as others do: open, cut, or unknown. Each has a shape of its own. */
export function paintEnd(
  context: CanvasRenderingContext2D,
  state: SpanState,
  right: number,
  y: number,
  colour: string,
  style: Style,
): void {
  const half = BAR_HEIGHT / 2;
  if (state === 'running') {
    // The bar goes on as an arrow.
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(right - 1, y - half);
    context.lineTo(right + 9, y);
    context.lineTo(right - 1, y + half);
    context.fill();
    return;
  }
  context.strokeStyle = state === 'killed' ? style.error : style.dimmed;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(right + 0.5, y - half - 3);
  context.lineTo(right + 0.5, y + half + 3);
  if (state === 'killed') {
    context.moveTo(right + 4, y - 3.5);
    context.lineTo(right + 11, y + 3.5);
    context.moveTo(right + 11, y - 3.5);
    context.lineTo(right + 4, y + 3.5);
    context.stroke();
  } else {
    context.setLineDash([2, 2]);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = style.dimmed;
    context.fillText('?', right + 5, y);
  }
  context.lineWidth = 1;
}

// Ticks nearer than this are one.
const TICK_ROOM = 5;

/** The events of a span on its bar: a diamond each, a red triangle when an exception is among those of one place. */
export function paintTicks(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  row: number,
  y: number,
  width: number,
  window: TimeWindow,
  style: Style,
): void {
  const { first, at, errors } = model.ticks;
  const end = first[row + 1] ?? 0;
  let k = firstAfter(at, first[row] ?? 0, end, toNs(-TICK_ROOM, window, width));
  while (k < end) {
    const x = toX(at[k] ?? 0, window, width);
    if (x > width + TICK_ROOM) return;
    const next = Math.max(k + 1, firstAfter(at, k, end, toNs(x + TICK_ROOM, window, width)));
    paintTick(context, x, y, (errors[next] ?? 0) > (errors[k] ?? 0), style);
    k = next;
  }
}

function paintTick(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  error: boolean,
  style: Style,
): void {
  const top = y - BAR_HEIGHT / 2;
  context.beginPath();
  if (error) {
    context.moveTo(x - 5, top - 4);
    context.lineTo(x + 5, top - 4);
    context.lineTo(x, top + 5);
  } else {
    context.moveTo(x, top - 4);
    context.lineTo(x + 4, top);
    context.lineTo(x, top + 4);
    context.lineTo(x - 4, top);
  }
  context.closePath();
  // A rim of the surface, so that it is seen on a bar of any colour.
  context.strokeStyle = style.surface;
  context.lineWidth = 2;
  context.stroke();
  context.lineWidth = 1;
  context.fillStyle = error ? style.error : style.text;
  context.fill();
  context.fillRect(x - 0.5, top, 1, BAR_HEIGHT);
}

const WAIT_HEIGHT = 6;

/** How long a message waited before the bar that works on it, with its words where they fit. */
export function paintWait(
  context: CanvasRenderingContext2D,
  from: number,
  to: number,
  text: string,
  y: number,
  width: number,
  window: TimeWindow,
  style: Style,
): void {
  const left = Math.max(-4, toX(from, window, width));
  const right = Math.min(width + 4, toX(to, window, width));
  if (right - left < 1) return;
  context.fillStyle = hatch(context, style.dimmed, false);
  context.fillRect(left, y - WAIT_HEIGHT / 2, right - left, WAIT_HEIGHT);
  context.fillStyle = style.dimmed;
  context.fillRect(left, y - WAIT_HEIGHT, 1, 2 * WAIT_HEIGHT);
  const room = context.measureText(text).width;
  const space = Math.min(right, width) - Math.max(left, 0);
  if (text === '' || room + 16 > space) return;
  const x = Math.max(left, 0) + (space - room) / 2;
  context.fillStyle = style.surface;
  context.fillRect(x - 4, y - 7, room + 8, 14);
  context.fillStyle = style.text;
  context.fillText(text, x, y);
}
