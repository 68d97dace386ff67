/** When events happened: those of row i are first[i] to first[i+1]-1, by time. at: nanoseconds after the trace's start. */
export type Ticks = {
  first: Uint32Array;
  at: Float64Array;
  /** How many of the ticks before each are recorded exceptions; one more than there are ticks. */
  errors: Uint32Array;
};

type Events = {
  row: ArrayLike<number>;
  offset: ArrayLike<number>;
  name: ArrayLike<number>;
  names: readonly string[];
};

/** Places the events of a trace's source rows on its rows. Events of one row keep their order, which is by time. */
export function placeTicks(
  events: Events,
  rows: number,
  rowOfSource: Int32Array,
  start: Float64Array,
): Ticks {
  const count = events.row.length;
  const first = new Uint32Array(rows + 1);
  const exception = events.names.indexOf('exception');
  const rowOf = (k: number) => rowOfSource[events.row[k] ?? -1] ?? -1;
  for (let k = 0; k < count; k++) {
    const row = rowOf(k);
    if (row >= 0) first[row + 1] = (first[row + 1] ?? 0) + 1;
  }
  for (let row = 0; row < rows; row++) first[row + 1] = (first[row + 1] ?? 0) + (first[row] ?? 0);
  const next = first.slice(0, rows);
  const at = new Float64Array(first[rows] ?? 0);
  const errors = new Uint32Array(at.length + 1);
  for (let k = 0; k < count; k++) {
    const row = rowOf(k);
    if (row < 0) continue;
    const to = next[row] ?? 0;
    next[row] = to + 1;
    at[to] = (start[row] ?? 0) + (events.offset[k] ?? 0);
    errors[to + 1] = events.name[k] === exception ? 1 : 0;
  }
  for (let k = 0; k < at.length; k++) errors[k + 1] = (errors[k + 1] ?? 0) + (errors[k] ?? 0);
  return { first, at, errors };
}
