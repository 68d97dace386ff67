import { type DurationNs, durationNs, type InstantNs, parseInstant } from '../units';
import { EMPTY_SELF, type SelfTime, selfTime } from './self-time';
import type { TraceSource } from './source';
import { placeTicks, type Ticks } from './ticks';
import { findWaits } from './waits';

/** Bits of TraceModel.flags; all but FLAG_ORPHANS and FLAG_BLOCK are the API's. */
export const FLAG_PARENT_MISSING = 1;
export const FLAG_CYCLE_CUT = 2;
export const FLAG_STARTS_EARLY = 4;
/** The row is no span: it holds the spans whose parent was never received. */
export const FLAG_ORPHANS = 8;
/** Part of a cold start. */
export const FLAG_COLD = 16;
/** Only the start of the span is known: it may still run, or nobody has told of its end. */
export const FLAG_RUNNING = 32;
export const FLAG_LOST = 64;
/** Its program was killed. */
export const FLAG_KILLED = 128;
/** The row is no span: below it stand the spans of another trace, which the span above it is linked with. */
export const FLAG_BLOCK = 256;

/** A tie between a row and a span of another trace. */
export type TraceLink = TraceSource['links'][number];

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
  modules: readonly string[];
  /** The traces that rows are of; the first is the trace itself. */
  traceIds: readonly string[];
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
  flags: Uint16Array;
  /** Index into modules: what a span is the loading of; -1 for none. */
  module: Int32Array;
  /** Index into traceIds. */
  trace: Uint8Array;
  /** Words that category, peer and errorType point into; -1 for none. */
  categories: readonly string[];
  peers: readonly string[];
  category: Int32Array;
  peer: Int32Array;
  /** Number of events and of links. */
  events: Int32Array;
  links: Int32Array;
  ticks: Ticks;
  /** Links to and from other traces, by row. */
  linksOf: Map<number, TraceLink[]>;
  /** Since when the message of a row waited in its queue, nanoseconds after startNs; of consumers whose producer is here. */
  waits: Map<number, number>;
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
export function buildTrace(source: TraceSource): TraceModel {
  const columns = source.spans;
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
  const pick = <A extends Float64Array | Int32Array | Uint8Array | Uint16Array>(
    to: A,
    from: ArrayLike<number>,
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
  const flags = pick(new Uint16Array(rows), columns.flags, FLAG_ORPHANS);
  for (const source of cut) {
    const row = rowOfSource[source] ?? 0;
    flags[row] = (flags[row] ?? 0) | FLAG_CYCLE_CUT;
  }
  let blocks = 0;
  for (const bits of flags) if (bits & FLAG_BLOCK) blocks++;
  const id = Array.from(order, (source) => (source < 0 ? '' : (columns.id[source] ?? '')));
  const start = pick(new Float64Array(rows), columns.start, 0);
  const model: TraceModel = {
    traceId: source.traceId,
    startNs: parseInstant(source.startNs),
    durationNs: durationNs(source.durationNs),
    services: source.services,
    names: source.names,
    modules: source.modules,
    traceIds: source.traceIds ?? [source.traceId],
    spans: n - blocks,
    rows,
    orphans,
    errors: 0,
    depthMax: 0,
    id,
    parent,
    subtree: new Uint32Array(rows).fill(1),
    depth: new Uint32Array(rows),
    start,
    duration: pick(new Float64Array(rows), columns.duration, 0),
    service: pick(new Int32Array(rows), columns.service, -1),
    name: pick(new Int32Array(rows), columns.name, -1),
    kind: pick(new Uint8Array(rows), columns.kind, 0),
    status: pick(new Uint8Array(rows), columns.status, 0),
    flags,
    module: pick(new Int32Array(rows), columns.module, -1),
    trace: columns.trace ? pick(new Uint8Array(rows), columns.trace, 0) : new Uint8Array(rows),
    categories: source.categories,
    peers: source.peers,
    category: pick(new Int32Array(rows), columns.category, -1),
    peer: pick(new Int32Array(rows), columns.peer, -1),
    events: pick(new Int32Array(rows), columns.events, 0),
    links: pick(new Int32Array(rows), columns.links, 0),
    ticks: placeTicks(source.events, rows, rowOfSource, start),
    linksOf: placeLinks(source.links, rowOfSource),
    waits: new Map(),
    self: EMPTY_SELF,
    errorsBelow: new Uint32Array(rows),
    subtreeEnd: new Float64Array(rows),
    rowOf: rowsById(id),
    serviceSpans: [],
  };
  summarise(model, orphanRow);
  model.self = selfTime(model);
  model.waits = findWaits(model);
  return model;
}

// Of a span that was sent twice, and of ids that two traces share, the first row counts.
function rowsById(id: readonly string[]): Map<string, number> {
  const rows = new Map<string, number>();
  for (let row = id.length - 1; row >= 0; row--) {
    const text = id[row];
    if (text) rows.set(text, row);
  }
  return rows;
}

function placeLinks(links: TraceSource['links'], rowOfSource: Int32Array): Map<number, TraceLink[]> {
  const byRow = new Map<number, TraceLink[]>();
  for (const link of links) {
    const row = rowOfSource[link.row] ?? -1;
    if (row < 0) continue;
    const known = byRow.get(row);
    if (known) known.push({ ...link, row });
    else byRow.set(row, [{ ...link, row }]);
  }
  return byRow;
}

// In the parents column: no parent at all, and a parent that is not stored.
const TOP = -1;
const ORPHAN = -2;

type Arranged = { order: Int32Array; parents: Int32Array; cut: number[]; orphans: number };

/** The depth-first order of source rows; -1 in it stands for the row that holds the orphans. */
function arrange(columns: TraceSource['spans'], n: number): Arranged {
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
