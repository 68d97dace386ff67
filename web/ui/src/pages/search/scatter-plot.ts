import type { TraceSummary } from '../../api/client';
import { colourOf } from '../../lib/colour';
import { formatDuration } from '../../lib/duration';
import { formatAxisTime } from '../../lib/instant';
import { prepare, type Style } from '../../trace/paint';
import { parseInstant, toMillis } from '../../units';

export type Domain = { fromMs: number; toMs: number };
export type Point = { x: number; y: number; index: number };

const LEFT = 58;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 20;
const RADIUS = 3.5;
const HIT_RADIUS = 10;
// Shorter traces stand on the lowest line: a logarithm has no zero.
const SHORTEST_NS = 1000;

export type Layout = {
  points: Point[];
  powers: number[];
  toX: (ms: number) => number;
  toY: (ns: number) => number;
};

/** Where each trace stands: time from left to right, duration upwards by powers of ten. */
export function layout(
  traces: readonly TraceSummary[],
  domain: Domain,
  width: number,
  height: number,
): Layout {
  const durations = traces.map((t) => Math.max(SHORTEST_NS, t.durationNs));
  const low = Math.floor(Math.log10(Math.min(...durations)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...durations))));
  const span = Math.max(1, domain.toMs - domain.fromMs);
  const toX = (ms: number) => LEFT + ((ms - domain.fromMs) / span) * (width - LEFT - RIGHT);
  const toY = (ns: number) =>
    height -
    BOTTOM -
    ((Math.log10(Math.max(SHORTEST_NS, ns)) - low) / (high - low)) * (height - TOP - BOTTOM);
  return {
    points: traces.map((trace, index) => ({
      x: toX(toMillis(parseInstant(trace.startNs))),
      y: toY(trace.durationNs),
      index,
    })),
    powers: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    toX,
    toY,
  };
}

/**
 * The range asked for, widened to what was found: a server's clock may run ahead of the browser's. While older traces are
 * not loaded it begins with the oldest that is, because an empty stretch would say that there were none.
 */
export function domainOf(traces: readonly TraceSummary[], range: Domain, complete: boolean): Domain {
  let { fromMs, toMs } = range;
  if (!complete) fromMs = toMs;
  for (const trace of traces) {
    const ms = toMillis(parseInstant(trace.startNs));
    fromMs = Math.min(fromMs, ms);
    toMs = Math.max(toMs, ms);
  }
  return { fromMs, toMs };
}

/** The point nearest to a place, if one is near; of several the last drawn, which lies on top. */
export function nearest(points: readonly Point[], x: number, y: number): Point | undefined {
  let best: Point | undefined;
  let distance = HIT_RADIUS;
  for (const point of points) {
    const d = Math.hypot(point.x - x, point.y - y);
    if (d < distance) {
      distance = d;
      best = point;
    }
  }
  return best;
}

export function paintScatter(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  traces: readonly TraceSummary[],
  { points, powers, toX, toY }: Layout,
  domain: Domain,
  hovered: number,
  style: Style,
): void {
  const context = prepare(canvas, width, height);
  if (!context) return;
  context.font = style.font;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const power of powers) {
    const y = Math.round(toY(power));
    context.fillStyle = style.line;
    context.fillRect(LEFT, y, width - LEFT - RIGHT, 1);
    context.fillStyle = style.dimmed;
    context.fillText(formatDuration(power, style.language), LEFT - 8, y);
  }
  paintTimes(context, width, height, domain, toX, style);
  // Errors last, so that no healthy trace hides one.
  for (const failed of [false, true]) {
    for (const point of points) {
      const trace = traces[point.index];
      if (trace && trace.errors > 0 === failed)
        paintPoint(context, point, trace, point.index === hovered, style);
    }
  }
}

function paintTimes(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  domain: Domain,
  toX: (ms: number) => number,
  style: Style,
): void {
  const count = Math.max(2, Math.floor((width - LEFT - RIGHT) / 150));
  const span = domain.toMs - domain.fromMs;
  context.fillStyle = style.dimmed;
  for (let i = 0; i <= count; i++) {
    const ms = domain.fromMs + (span * i) / count;
    context.textAlign = i === 0 ? 'left' : i === count ? 'right' : 'center';
    context.fillText(formatAxisTime(ms, span, style.language), toX(ms), height - BOTTOM / 2 + 1);
  }
}

function paintPoint(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  trace: TraceSummary,
  hovered: boolean,
  style: Style,
): void {
  const size = hovered ? RADIUS + 2 : RADIUS;
  context.fillStyle = colourOf(style.colours.get(trace.rootService), style.theme);
  context.beginPath();
  if (trace.errors > 0) {
    // A diamond with a red rim: told apart by shape as well as by colour.
    const d = size + 1.5;
    context.moveTo(x, y - d);
    context.lineTo(x + d, y);
    context.lineTo(x, y + d);
    context.lineTo(x - d, y);
    context.closePath();
    context.fill();
    context.strokeStyle = style.error;
    context.lineWidth = 2;
    context.stroke();
    return;
  }
  context.globalAlpha = hovered ? 1 : 0.75;
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
}
