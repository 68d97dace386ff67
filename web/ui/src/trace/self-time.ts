import type { TraceModel } from './model';

/**
 * Self times, and where they lie: part k of row i (first[i] <= k < first[i+1]) goes from from[k] to to[k], nanoseconds after
 * the trace's start.
 */
export type SelfTime = {
  total: Float64Array;
  first: Uint32Array;
  from: Float64Array;
  to: Float64Array;
};

export const EMPTY_SELF: SelfTime = {
  total: new Float64Array(0),
  first: new Uint32Array(1),
  from: new Float64Array(0),
  to: new Float64Array(0),
};

type Columns = Pick<TraceModel, 'rows' | 'parent' | 'start' | 'duration' | 'flags'>;

// FLAG_BLOCK of the model: what is linked runs on its own, no part of the span above it.
const APART = 256;

/** The parts of every span in which none of its children ran. Children come by start, so one pass knows all gaps. */
export function selfTime({ rows, parent, start, duration, flags }: Columns): SelfTime {
  const first = new Uint32Array(rows + 1);
  gaps(rows, parent, start, duration, flags, (row) => {
    first[row + 1] = (first[row + 1] ?? 0) + 1;
  });
  for (let row = 0; row < rows; row++) first[row + 1] = (first[row + 1] ?? 0) + (first[row] ?? 0);
  const next = first.slice(0, rows);
  const from = new Float64Array(first[rows] ?? 0);
  const to = new Float64Array(first[rows] ?? 0);
  const total = new Float64Array(rows);
  gaps(rows, parent, start, duration, flags, (row, a, b) => {
    const at = next[row] ?? 0;
    next[row] = at + 1;
    from[at] = a;
    to[at] = b;
    total[row] = (total[row] ?? 0) + b - a;
  });
  return { total, first, from, to };
}

function gaps(
  rows: number,
  parent: Int32Array,
  start: Float64Array,
  duration: Float64Array,
  flags: Uint16Array,
  found: (row: number, from: number, to: number) => void,
): void {
  // Up to where each span is known to be covered by children, or done with.
  const covered = Float64Array.from(start);
  for (let row = 0; row < rows; row++) {
    const p = parent[row] ?? -1;
    if (p < 0 || ((flags[row] ?? 0) & APART) !== 0) continue;
    const end = (start[p] ?? 0) + (duration[p] ?? 0);
    const a = Math.min(start[row] ?? 0, end);
    const until = covered[p] ?? 0;
    if (a > until) found(p, until, a);
    covered[p] = Math.max(until, Math.min(end, (start[row] ?? 0) + (duration[row] ?? 0)));
  }
  for (let row = 0; row < rows; row++) {
    const end = (start[row] ?? 0) + (duration[row] ?? 0);
    if (end > (covered[row] ?? 0)) found(row, covered[row] ?? 0, end);
  }
}
