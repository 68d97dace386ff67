import type { TraceSummary } from '../../../api/client';
import { colourOf } from '../../../lib/colour';
import type { Style } from '../../../trace/paint';
import { parseInstant, toMillis } from '../../../units';
import {
  BOTTOM,
  type Domain,
  durationLines,
  logScale,
  paintLines,
  paintTimes,
  powersOf,
  type Scale,
  SHORTEST_NS,
  TOP,
  timeScale,
} from './frame';

export type Point = { x: number; y: number; index: number };
export type Layout = { points: Point[]; powers: number[]; x: Scale; y: Scale };

const RADIUS = 3.5;
const HIT_RADIUS = 10;

/** Where each trace stands: time from left to right, duration upwards by powers of ten. */
export function layout(
  traces: readonly TraceSummary[],
  domain: Domain,
  width: number,
  height: number,
): Layout {
  let shortest = Number.POSITIVE_INFINITY;
  let longest = SHORTEST_NS;
  for (const { durationNs } of traces) {
    if (durationNs > 0) shortest = Math.min(shortest, durationNs);
    longest = Math.max(longest, durationNs);
  }
  const powers = powersOf(Math.min(shortest, longest), longest);
  const x = timeScale(domain, width);
  const y = logScale(powers[0] ?? SHORTEST_NS, powers.at(-1) ?? 10 * SHORTEST_NS, height - BOTTOM, TOP);
  const points = traces.map((trace, index) => ({
    x: x.to(toMillis(parseInstant(trace.startNs))),
    y: y.to(trace.durationNs),
    index,
  }));
  return { points, powers, x, y };
}

/** The range asked for, widened to what was found: a server's clock may run ahead of the browser's. */
export function domainOf(traces: readonly TraceSummary[], range: Domain): Domain {
  let { fromMs, toMs } = range;
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
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  traces: readonly TraceSummary[],
  { points, powers, x, y }: Layout,
  domain: Domain,
  hovered: number,
  style: Style,
): void {
  paintLines(context, width, durationLines(powers, y, style.language), style);
  paintTimes(context, width, height, domain, x, style);
  // Errors last, so that no healthy trace hides one.
  for (const failed of [false, true]) {
    for (const point of points) {
      const trace = traces[point.index];
      if (trace && trace.errors > 0 === failed)
        paintPoint(context, point, trace, point.index === hovered, style);
    }
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
