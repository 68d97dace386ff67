import type { Histogram } from '../../../api/search';
import { formatCompact } from '../../../lib/duration';
import type { Style } from '../../../trace/paint';
import { parseInstant, toMillis } from '../../../units';
import {
  BOTTOM,
  LEFT,
  logScale,
  paintLines,
  powersOf,
  RIGHT,
  type Scale,
  SHORTEST_NS,
  TOP,
  timeScale,
} from './frame';

/** One bar: from and to are nanoseconds of duration, or milliseconds of time. */
export type Bar = {
  x0: number;
  x1: number;
  from: number;
  to: number;
  spans: number;
  errors: number;
};

export type Bars = { bars: Bar[]; x: Scale; most: number };

export function durationBars(histogram: Histogram, width: number): Bars & { powers: number[] } {
  const buckets = histogram.buckets.filter((bucket) => bucket.spans > 0);
  const longest = buckets.at(-1)?.toNs ?? 10 * SHORTEST_NS;
  const powers = powersOf(buckets.find(({ fromNs }) => fromNs > 0)?.fromNs ?? longest, longest);
  const [low = SHORTEST_NS, high = 10 * SHORTEST_NS] = [powers[0], powers.at(-1)];
  const x = logScale(low, high, LEFT, width - RIGHT);
  const bars = buckets.map(({ fromNs, toNs, spans, errors }) => {
    const from = Math.max(low, fromNs);
    // What took no time stands at the beginning of the axis.
    const to = Math.max(from * 1.1, toNs);
    return { x0: x.to(from), x1: x.to(to), from: fromNs, to: toNs, spans, errors };
  });
  return { bars, x, most: mostOf(bars), powers };
}

export function timeBars(
  { points, stepNs, fromNs, toNs }: Histogram,
  width: number,
): Bars & {
  domain: { fromMs: number; toMs: number };
} {
  const domain = { fromMs: toMillis(parseInstant(fromNs)), toMs: toMillis(parseInstant(toNs)) };
  const x = timeScale(domain, width);
  const bars = points.map(({ startNs, spans, errors }) => {
    const from = toMillis(parseInstant(startNs));
    const to = from + stepNs / 1e6;
    return { x0: x.to(from), x1: x.to(Math.min(to, domain.toMs)), from, to, spans, errors };
  });
  return { bars, x, most: mostOf(bars), domain };
}

const mostOf = (bars: readonly Bar[]) => bars.reduce((most, bar) => Math.max(most, bar.spans), 1);

export const barAt = (bars: readonly Bar[], x: number): Bar | undefined =>
  bars.find((bar) => x >= bar.x0 && x < bar.x1);

/** Bars with their errors at the foot; any number of errors can be seen. */
export function paintBars(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { bars, most }: Bars,
  colour: string,
  style: Style,
): void {
  const room = height - TOP - BOTTOM;
  const y = (n: number) => height - BOTTOM - (n / most) * room;
  paintLines(
    context,
    width,
    [0, most / 2, most].map((n) => ({ y: y(n), label: formatCompact(Math.round(n), style.language) })),
    style,
  );
  for (const { x0, x1, spans, errors } of bars) {
    if (spans === 0) continue;
    const gap = x1 - x0 > 4 ? 1 : 0;
    const size = Math.max(1, x1 - x0 - gap);
    const tall = Math.max(1, (spans / most) * room);
    context.fillStyle = colour;
    context.globalAlpha = 0.8;
    context.fillRect(x0, height - BOTTOM - tall, size, tall);
    context.globalAlpha = 1;
    if (errors === 0) continue;
    const failed = Math.max(2, (errors / most) * room);
    context.fillStyle = style.error;
    context.fillRect(x0, height - BOTTOM - failed, size, failed);
  }
}

/** Upright lines at some durations, each with its name on top. */
export function paintMarks(
  context: CanvasRenderingContext2D,
  height: number,
  marks: readonly { x: number; label: string }[],
  style: Style,
): void {
  context.font = style.font;
  context.textBaseline = 'top';
  context.textAlign = 'left';
  for (const { x, label } of marks) {
    context.fillStyle = style.dimmed;
    context.fillRect(Math.round(x), TOP, 1, height - TOP - BOTTOM);
    context.fillStyle = style.text;
    context.fillText(label, x + 4, TOP);
  }
}
