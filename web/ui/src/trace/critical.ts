import type { TraceModel } from './model';

/** The critical path by time. Segment k runs on row[k] from from[k] to to[k], nanoseconds after the trace's start. */
export type CriticalPath = {
  row: Int32Array;
  from: Float64Array;
  to: Float64Array;
  /** The first segment of a row, and the next of the same row; -1 for none. */
  first: Int32Array;
  next: Int32Array;
};

type Segments = {
  rootId: string;
  items: readonly { spanId: string; offsetNs: number; durationNs: number }[];
};

/** Places the segments of the analysis, which count from the root's start, on the rows of the trace. */
export function criticalPath(model: TraceModel, { rootId, items }: Segments): CriticalPath {
  const base = model.start[model.rowOf.get(rootId) ?? 0] ?? 0;
  const known = items.filter((s) => model.rowOf.has(s.spanId));
  const path: CriticalPath = {
    row: Int32Array.from(known, (s) => model.rowOf.get(s.spanId) ?? 0),
    from: Float64Array.from(known, (s) => base + s.offsetNs),
    to: Float64Array.from(known, (s) => base + s.offsetNs + s.durationNs),
    first: new Int32Array(model.rows).fill(-1),
    next: new Int32Array(known.length).fill(-1),
  };
  for (let k = known.length - 1; k >= 0; k--) {
    const row = path.row[k] ?? 0;
    path.next[k] = path.first[row] ?? -1;
    path.first[row] = k;
  }
  return path;
}

/** The row of the segment after, or before, the ones of a row; -1 on a trace without a path. */
export function nextCritical(path: CriticalPath, row: number, direction: 1 | -1): number {
  const n = path.row.length;
  if (n === 0) return -1;
  const at = row < 0 ? -1 : (path.first[row] ?? -1);
  if (at < 0) return path.row[direction > 0 ? 0 : n - 1] ?? -1;
  for (let step = 1; step <= n; step++) {
    const k = (at + direction * step + n * 2) % n;
    if (path.row[k] !== row) return path.row[k] ?? -1;
  }
  return row;
}
