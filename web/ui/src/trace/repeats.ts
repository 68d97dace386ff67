import type { TraceModel } from './model';

/** Fewer than this beside each other are no pattern. */
export const LEAST_REPEATS = 5;

/** Runs of siblings beside each other with one service and name. */
export type Repeats = {
  /** The first row of the run that a row is a member of, else -1. */
  head: Int32Array;
  /** At the head of a run: the row after its last member and all that lies below it. */
  end: Uint32Array;
};

/** One pass from the last row back: a row's next sibling is the row after its subtree, if that has the same parent. */
export function findRepeats(model: TraceModel): Repeats {
  const { rows, parent, subtree, service, name } = model;
  const length = new Uint32Array(rows).fill(1);
  const end = new Uint32Array(rows);
  const same = (a: number, b: number) =>
    parent[a] === parent[b] && service[a] === service[b] && name[a] === name[b] && (service[a] ?? -1) >= 0;
  for (let row = rows - 1; row >= 0; row--) {
    const after = row + (subtree[row] ?? 1);
    const more = after < rows && (parent[row] ?? -1) >= 0 && same(row, after);
    end[row] = more ? (end[after] ?? after) : after;
    if (more) length[row] = 1 + (length[after] ?? 1);
  }
  const head = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row++) {
    if ((length[row] ?? 1) < LEAST_REPEATS || (head[row] ?? -1) >= 0) continue;
    for (let member = row; member < (end[row] ?? 0); member += subtree[member] ?? 1) head[member] = row;
  }
  return { head, end };
}

export type RunFacts = { calls: number; totalNs: number; p95Ns: number; errors: number };

/** What the one row of a run says of its members. */
export function runFacts(model: TraceModel, repeats: Repeats, head: number): RunFacts {
  const durations: number[] = [];
  let errors = 0;
  for (let row = head; row < (repeats.end[head] ?? 0); row += model.subtree[row] ?? 1) {
    durations.push(model.duration[row] ?? 0);
    errors += (model.errorsBelow[row] ?? 0) + (model.status[row] === 2 ? 1 : 0);
  }
  const totalNs = durations.reduce((sum, ns) => sum + ns, 0);
  return { calls: durations.length, totalNs, p95Ns: quantile(durations, 0.95), errors };
}

/** The nearest-rank quantile; sorts values. */
export function quantile(values: number[], q: number): number {
  values.sort((a, b) => a - b);
  return values[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0;
}
