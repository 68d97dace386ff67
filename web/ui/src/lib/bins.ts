/** A bin of durations from fromNs up to toNs, without toNs. */
export type Bin = { fromNs: number; toNs: number; count: number };

/** Steps in which an axis of durations is easily read: 1, 2, 5, 10, 20, 50, … */
const steps = (least: number, most: number): number[] => {
  const edges: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(least)); ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const edge = factor * power;
      if (edge <= least) edges.length = 0;
      edges.push(edge);
      if (edge > most) return edges;
    }
  }
};

/** Counts durations into bins without gaps, whose bounds are 1, 2 and 5 times a power of ten nanoseconds. */
export function binDurations(valuesNs: readonly number[]): Bin[] {
  const values = valuesNs.map((ns) => Math.max(1, ns));
  if (values.length === 0) return [];
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const edges = steps(least, most);
  const bins = edges.slice(0, -1).map((fromNs, i) => ({ fromNs, toNs: edges[i + 1] ?? fromNs, count: 0 }));
  for (const value of values) {
    const bin = bins.findLast(({ fromNs }) => fromNs <= value);
    if (bin) bin.count++;
  }
  return bins;
}

/** The value that the share q of the values does not exceed; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
