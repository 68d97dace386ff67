import type { Heatmap } from '../../../api/search';
import type { Style } from '../../../trace/paint';
import { parseInstant, toMillis } from '../../../units';
import {
  BOTTOM,
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

export type HeatCell = {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
  spans: number;
  errors: number;
  fromNs: number;
  toNs: number;
  atMs: number;
};

export type HeatLayout = {
  cells: HeatCell[];
  powers: number[];
  x: Scale;
  y: Scale;
  domain: { fromMs: number; toMs: number };
  most: number;
};

/** Where each cell stands. What took no time lies on the lowest line: some clocks measure nothing at all. */
export function heatLayout(map: Heatmap, width: number, height: number): HeatLayout {
  const domain = { fromMs: toMillis(parseInstant(map.fromNs)), toMs: toMillis(parseInstant(map.toNs)) };
  const x = timeScale(domain, width);
  const stepMs = map.stepNs / 1e6;
  let shortest = Number.POSITIVE_INFINITY;
  let longest = SHORTEST_NS;
  let most = 1;
  for (const cell of map.cells) {
    const bucket = map.buckets[cell.bucket];
    if (!bucket) continue;
    if (bucket.fromNs > 0) shortest = Math.min(shortest, bucket.fromNs);
    longest = Math.max(longest, bucket.toNs);
    most = Math.max(most, cell.spans);
  }
  const powers = powersOf(Math.min(shortest, longest), longest);
  const bottom = powers[0] ?? SHORTEST_NS;
  const y = logScale(bottom, powers.at(-1) ?? 10 * SHORTEST_NS, height - BOTTOM, TOP);
  const cells = map.cells.flatMap((cell): HeatCell[] => {
    const bucket = map.buckets[cell.bucket];
    if (!bucket) return [];
    const atMs = domain.fromMs + cell.step * stepMs;
    const fromNs = Math.max(bottom, bucket.fromNs);
    // What is on the lowest line has some height, too.
    const toNs = Math.max(fromNs * 1.2, bucket.toNs);
    return [
      {
        x0: x.to(atMs),
        x1: x.to(Math.min(domain.toMs, atMs + stepMs)),
        y0: y.to(toNs),
        y1: y.to(fromNs),
        spans: cell.spans,
        errors: cell.errors,
        fromNs: bucket.fromNs,
        toNs: bucket.toNs,
        atMs,
      },
    ];
  });
  return { cells, powers, x, y, domain, most };
}

export const cellAt = (cells: readonly HeatCell[], x: number, y: number): HeatCell | undefined =>
  cells.find((cell) => x >= cell.x0 && x < cell.x1 && y >= cell.y0 && y <= cell.y1);

/** Darker means more, by the logarithm; a red line at a cell's foot means errors in it. */
export function paintHeat(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { cells, powers, x, y, domain, most }: HeatLayout,
  colour: string,
  style: Style,
): void {
  paintLines(context, width, durationLines(powers, y, style.language), style);
  paintTimes(context, width, height, domain, x, style);
  const scale = Math.log1p(most);
  context.fillStyle = colour;
  for (const cell of cells) {
    context.globalAlpha = 0.12 + 0.88 * (Math.log1p(cell.spans) / scale);
    const left = Math.floor(cell.x0);
    const top = Math.floor(cell.y0);
    context.fillRect(left, top, Math.ceil(cell.x1) - left, Math.max(1, Math.ceil(cell.y1) - top));
  }
  context.globalAlpha = 1;
  context.fillStyle = style.error;
  for (const cell of cells) {
    if (cell.errors === 0) continue;
    // One failure among thousands is seen, but does not shout.
    context.globalAlpha = Math.min(1, 0.5 + (5 * cell.errors) / cell.spans);
    context.fillRect(Math.floor(cell.x0), Math.ceil(cell.y1) - 2, Math.max(2, cell.x1 - cell.x0), 2);
  }
  context.globalAlpha = 1;
}

/** Spans and errors by decade of duration: what the picture says, as a table. */
export function decadesOf(
  buckets: readonly { fromNs: number; spans: number; errors: number }[],
): { fromNs: number; spans: number; errors: number }[] {
  const decades = new Map<number, { spans: number; errors: number }>();
  for (const { fromNs, spans, errors } of buckets) {
    const decade = fromNs < SHORTEST_NS ? 0 : 10 ** Math.floor(Math.log10(fromNs));
    const sum = decades.get(decade) ?? { spans: 0, errors: 0 };
    decades.set(decade, { spans: sum.spans + spans, errors: sum.errors + errors });
  }
  return [...decades].sort(([a], [b]) => a - b).map(([fromNs, sums]) => ({ fromNs, ...sums }));
}
