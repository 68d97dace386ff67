import type { components } from '../api/schema';
import { type DurationNs, durationNs, type InstantNs, parseInstant } from '../units';
import { EMPTY_SELF, type SelfTime, selfTime } from './self-time';

export type CompactTrace = components['schemas']['CompactTrace'];

/** Bits of TraceModel.flags; all but FLAG_ORPHANS are the API's. */
export const FLAG_PARENT_MISSING = 1;
export const FLAG_CYCLE_CUT = 2;
export const FLAG_STARTS_EARLY = 4;
/** The row is no span: it holds the spans whose parent was never received. */
export const FLAG_ORPHANS = 8;
/** Only the start of the span is known: it may still run, or nobody has told of its end. */
export const FLAG_RUNNING = 32;
export const FLAG_LOST = 64;

export const STATUS_ERROR = 2;

/**
 * A trace as columns in depth-first order, children by start. Row i's subtree is the rows i to i+subtree[i]-1. Columns
 * instead of objects: a hundred thousand spans stay a few megabytes, and no algorithm below recurses.
 */
export type TraceModel = {
  traceId: string;
  startNs: InstantNs;
  durationNs: DurationNs;
  services: readonly string[];
  names: readonly string[];
  /** Spans, without the row that holds orphans. */
  spans: number;
  rows: number;
  orphans: number;
  errors: number;
  depthMax: number;
  id: string[];
  parent: Int32Array;
  subtree: Uint32Array;
  depth: Uint32Array;
  /** Nanoseconds after startNs. */
  start: Float64Array;
  duration: Float64Array;
  /** Index into services; -1 on the orphans' row. */
  service: Int32Array;
  name: Int32Array;
  kind: Uint8Array;
  status: Uint8Array;
  flags: Uint8Array;
  /** Words that category, peer and errorType point into; -1 for none. */
  categories: readonly string[];
  peers: readonly string[];
  category: Int32Array;
  peer: Int32Array;
  /** Number of events and of links. */
  events: Int32Array;
  links: Int32Array;
  /** When a span ran none of its children; nanoseconds. */
  self: SelfTime;
  /** Error spans below the row, itself excluded: what a collapsed row still has to show. */
  errorsBelow: Uint32Array;
  /** Latest end in the row's subtree, nanoseconds after startNs: work may outlive its parent. */
  subtreeEnd: Float64Array;
  rowOf: Map<string, number>;
  /** Services by number of spans, largest first. */
  serviceSpans: { name: string; spans: number; errors: number }[];
};

/**
 * Builds the tree from the parent column alone, so that a wrong order or depth in the answer cannot break the page.
 * Spans whose parent is not stored hang below one extra row; a cycle of parents is cut at its earliest span.
 * Throws when the columns differ in length.
 */
export function buildTrace(compact: CompactTrace): TraceModel {
  const columns = compact.spans;
  const n = columns.id.length;
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== n) throw new Error(`column ${name} has ${column.length} rows, id has ${n}`);
  }
  const { order, parents, cut, orphans } = arrange(columns, n);
  const rows = order.length;
  const rowOfSource = new Int32Array(n).fill(-1);
  let orphanRow = -1;
  for (let row = 0; row < rows; row++) {
    const source = order[row] ?? -1;
    if (source >= 0) rowOfSource[source] = row;
    else orphanRow = row;
  }
  const pick = <A extends Float64Array | Int32Array | Uint8Array>(
    to: A,
    from: readonly number[],
    none: number,
  ): A => {
    for (let row = 0; row < rows; row++) {
      const source = order[row] ?? -1;
      to[row] = source < 0 ? none : (from[source] ?? none);
    }
    return to;
  };
  const parent = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row++) {
    const source = order[row] ?? -1;
    if (source < 0) continue;
    const p = parents[source] ?? -1;
    parent[row] = p >= 0 ? (rowOfSource[p] ?? -1) : p === ORPHAN ? orphanRow : -1;
  }
  const flags = pick(new Uint8Array(rows), columns.flags, FLAG_ORPHANS);
  for (const source of cut) {
    const row = rowOfSource[source] ?? 0;
    flags[row] = (flags[row] ?? 0) | FLAG_CYCLE_CUT;
  }
  const id = Array.from(order, (source) => (source < 0 ? '' : (columns.id[source] ?? '')));
  const model: TraceModel = {
    traceId: compact.traceId,
    startNs: parseInstant(compact.startNs),
    durationNs: durationNs(compact.durationNs),
    services: compact.services,
    names: compact.names,
    spans: n,
    rows,
    orphans,
    errors: 0,
    depthMax: 0,
    id,
    parent,
    subtree: new Uint32Array(rows).fill(1),
    depth: new Uint32Array(rows),
    start: pick(new Float64Array(rows), columns.start, 0),
    duration: pick(new Float64Array(rows), columns.duration, 0),
    service: pick(new Int32Array(rows), columns.service, -1),
    name: pick(new Int32Array(rows), columns.name, -1),
    kind: pick(new Uint8Array(rows), columns.kind, 0),
    status: pick(new Uint8Array(rows), columns.status, 0),
    flags,
    categories: compact.categories,
    peers: compact.peers,
    category: pick(new Int32Array(rows), columns.category, -1),
    peer: pick(new Int32Array(rows), columns.peer, -1),
    events: pick(new Int32Array(rows), columns.events, 0),
    links: pick(new Int32Array(rows), columns.links, 0),
    self: EMPTY_SELF,
    errorsBelow: new Uint32Array(rows),
    subtreeEnd: new Float64Array(rows),
    rowOf: new Map(id.map((text, row) => [text, row] as const).filter(([text]) => text !== '')),
    serviceSpans: [],
  };
  summarise(model, orphanRow);
  model.self = selfTime(model);
  return model;
}

// In the parents column: no parent at all, and a parent that is not stored.
const TOP = -1;
const ORPHAN = -2;

type Arranged = { order: Int32Array; parents: Int32Array; cut: number[]; orphans: number };

/** The depth-first order of source rows; -1 in it stands for the row that holds the orphans. */
function arrange(columns: CompactTrace['spans'], n: number): Arranged {
  const parents = new Int32Array(n);
  const byStart = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => (columns.start[a] ?? 0) - (columns.start[b] ?? 0) || a - b,
  );
  // Children as linked lists; filled from the latest start backwards so that each list runs forwards.
  const first = new Int32Array(n).fill(-1);
  const next = new Int32Array(n).fill(-1);
  let orphans = 0;
  for (let k = n - 1; k >= 0; k--) {
    const i = byStart[k] ?? 0;
    const p = columns.parent[i] ?? -1;
    if (Number.isInteger(p) && p >= 0 && p < n && p !== i) {
      parents[i] = p;
      next[i] = first[p] ?? -1;
      first[p] = i;
    } else {
      const missing = ((columns.flags[i] ?? 0) & FLAG_PARENT_MISSING) !== 0;
      parents[i] = missing ? ORPHAN : TOP;
      if (missing) orphans++;
    }
  }
  const order = new Int32Array(n + (orphans > 0 ? 1 : 0));
  const seen = new Uint8Array(n);
  const stack = new Int32Array(n + 1);
  let length = 0;
  const visit = (root: number) => {
    let top = 0;
    stack[top++] = root;
    while (top > 0) {
      const i = stack[--top] ?? 0;
      // A sibling left for later is pushed before the first child, so children come out first.
      const sibling = i === root ? -1 : (next[i] ?? -1);
      if (sibling >= 0) stack[top++] = sibling;
      if (seen[i]) continue;
      seen[i] = 1;
      order[length++] = i;
      const child = first[i] ?? -1;
      if (child >= 0) stack[top++] = child;
    }
  };
  for (const i of byStart) if (parents[i] === TOP) visit(i);
  if (orphans > 0) {
    order[length++] = -1;
    for (const i of byStart) if (parents[i] === ORPHAN) visit(i);
  }
  const cut: number[] = [];
  for (const i of byStart) {
    if (seen[i]) continue;
    parents[i] = TOP;
    cut.push(i);
    visit(i);
  }
  return { order, parents, cut, orphans };
}

function summarise(model: TraceModel, orphanRow: number): void {
  const { rows, parent, depth, subtree, errorsBelow, subtreeEnd, status, service, services } = model;
  const spans = new Uint32Array(services.length);
  const errors = new Uint32Array(services.length);
  for (let row = 0; row < rows; row++) {
    const p = parent[row] ?? -1;
    depth[row] = p < 0 ? 0 : (depth[p] ?? 0) + 1;
    model.depthMax = Math.max(model.depthMax, (depth[row] ?? 0) + 1);
    const s = service[row] ?? -1;
    if (s >= 0) spans[s] = (spans[s] ?? 0) + 1;
    if (status[row] === STATUS_ERROR) {
      model.errors++;
      if (s >= 0) errors[s] = (errors[s] ?? 0) + 1;
    }
  }
  for (let row = rows - 1; row >= 0; row--) {
    const p = parent[row] ?? -1;
    subtreeEnd[row] = Math.max(subtreeEnd[row] ?? 0, (model.start[row] ?? 0) + (model.duration[row] ?? 0));
    if (p < 0) continue;
    subtreeEnd[p] = Math.max(subtreeEnd[p] ?? 0, subtreeEnd[row] ?? 0);
    subtree[p] = (subtree[p] ?? 1) + (subtree[row] ?? 1);
    errorsBelow[p] = (errorsBelow[p] ?? 0) + (errorsBelow[row] ?? 0) + (status[row] === STATUS_ERROR ? 1 : 0);
  }
  if (orphanRow >= 0) spanChildren(model, orphanRow);
  model.serviceSpans = services
    .map((name, i) => ({ name, spans: spans[i] ?? 0, errors: errors[i] ?? 0 }))
    .filter((s) => s.spans > 0)
    .sort((a, b) => b.spans - a.spans || (a.name < b.name ? -1 : 1));
}

/** The orphans' row covers the time its children do. */
function spanChildren(model: TraceModel, row: number): void {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (let i = row + 1; i < row + (model.subtree[row] ?? 1); i++) {
    from = Math.min(from, model.start[i] ?? 0);
    to = Math.max(to, (model.start[i] ?? 0) + (model.duration[i] ?? 0));
  }
  model.start[row] = Number.isFinite(from) ? from : 0;
  model.duration[row] = Math.max(0, to - (model.start[row] ?? 0));
}
