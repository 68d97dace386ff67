import {
  buildTrace,
  FLAG_BLOCK,
  FLAG_ORPHANS,
  FLAG_PARENT_MISSING,
  type TraceLink,
  type TraceModel,
} from './model';
import type { TraceSource } from './source';

/** How far linked traces are followed from the one that was opened, how many of one span and of all are shown, and how many spans. */
export const MOST_HOPS = 5;
export const MOST_OF_SPAN = 10;
export const MOST_TRACES = 20;
export const MOST_SPANS = 20_000;

/** A trace to show below a span. */
export type Join = { at: string; link: TraceLink; traceId: string };

export type JoinPlan = {
  joins: Join[];
  /** Linked traces that are more than the bounds allow. */
  left: number;
};

/**
 * Which linked traces to show below the spans that were opened, in the order of the address: a span of a trace that is shown by
 * an earlier one may be opened too. What is not loaded yet leads no further until it is.
 */
export function planJoins(
  base: TraceModel,
  opened: readonly string[],
  loaded: (traceId: string) => TraceModel | undefined,
): JoinPlan {
  const shown = [{ model: base, hops: 0 }];
  const known = new Set([base.traceId]);
  const joins: Join[] = [];
  let left = 0;
  let spans = 0;
  for (const at of opened) {
    const from = shown.find(({ model }) => model.rowOf.has(at));
    if (!from) continue;
    let ofSpan = 0;
    for (const link of from.model.linksOf.get(from.model.rowOf.get(at) ?? -1) ?? []) {
      const { traceId } = link;
      if (known.has(traceId)) continue;
      known.add(traceId);
      const model = loaded(traceId);
      const room = spans + (model?.spans ?? 0) <= MOST_SPANS;
      if (from.hops >= MOST_HOPS || ofSpan >= MOST_OF_SPAN || joins.length >= MOST_TRACES || !room) {
        left++;
        continue;
      }
      ofSpan++;
      spans += model?.spans ?? 0;
      joins.push({ at, link, traceId });
      if (model) shown.push({ model, hops: from.hops + 1 });
    }
  }
  return { joins, left };
}

/** How many other traces a row is linked with. */
export const linkedTraces = (model: TraceModel, row: number): number =>
  new Set((model.linksOf.get(row) ?? []).map((link) => link.traceId)).size;

/**
 * One trace of several on one time axis. Each joined trace stands below the span that it is linked with, under a row of its own
 * that bears its first name; what is not loaded is left out.
 */
export function joinTraces(
  base: TraceModel,
  joins: readonly Join[],
  loaded: (traceId: string) => TraceModel | undefined,
): TraceModel {
  const parts = joins.flatMap((join) => {
    const model = loaded(join.traceId);
    return model ? [{ at: join.at, model }] : [];
  });
  if (parts.length === 0) return base;
  const all = [base, ...parts.map(({ model }) => model)];
  let startNs: bigint = base.startNs;
  for (const model of all) if (model.startNs < startNs) startNs = model.startNs;
  const shiftOf = (model: TraceModel) => Number(model.startNs - startNs);
  const out = new Builder(String(startNs), base.traceId);
  out.add(base, 0, shiftOf(base), -1);
  for (const [k, { at, model }] of parts.entries()) {
    const block = out.addBlock(at, model, k + 1, shiftOf(model));
    out.add(model, k + 1, shiftOf(model), block);
  }
  return buildTrace(out.source(Math.max(...all.map((model) => shiftOf(model) + model.durationNs))));
}

const COLUMNS = ['parent', 'start', 'duration', 'service', 'name', 'kind', 'status'] as const;
const MORE = ['category', 'peer', 'module', 'events', 'links', 'flags', 'trace'] as const;

/** Puts the columns of traces below one another. */
class Builder {
  private readonly id: string[] = [];
  private readonly rowOf = new Map<string, number>();
  private readonly columns = Object.fromEntries(
    [...COLUMNS, ...MORE].map((name) => [name, [] as number[]]),
  ) as Record<(typeof COLUMNS)[number] | (typeof MORE)[number], number[]>;
  private readonly words = {
    services: words(),
    names: words(),
    categories: words(),
    peers: words(),
    modules: words(),
  };
  private readonly events = { row: [] as number[], offset: [] as number[], name: [] as number[] };
  private readonly links: TraceLink[] = [];
  private readonly traceIds: string[];

  constructor(
    private readonly startNs: string,
    private readonly traceId: string,
  ) {
    this.traceIds = [traceId];
  }

  /** Adds a trace. Its top rows, and those without their parent, hang below block if that is a row. */
  add(model: TraceModel, trace: number, shiftNs: number, block: number): void {
    const { columns, words } = this;
    const to = new Int32Array(model.rows).fill(-1);
    for (let row = 0; row < model.rows; row++) {
      const flags = model.flags[row] ?? 0;
      if (flags & FLAG_ORPHANS) continue;
      const at = this.id.length;
      const id = model.id[row] ?? '';
      to[row] = at;
      this.id.push(id);
      if (!this.rowOf.has(id)) this.rowOf.set(id, at);
      const p = to[model.parent[row] ?? -1] ?? -1;
      columns.parent.push(p >= 0 ? p : block);
      columns.start.push((model.start[row] ?? 0) + shiftNs);
      columns.duration.push(model.duration[row] ?? 0);
      columns.service.push(words.services.at(model.services[model.service[row] ?? -1]));
      columns.name.push(words.names.at(model.names[model.name[row] ?? -1]));
      columns.kind.push(model.kind[row] ?? 0);
      columns.status.push(model.status[row] ?? 0);
      columns.category.push(words.categories.at(model.categories[model.category[row] ?? -1]));
      columns.peer.push(words.peers.at(model.peers[model.peer[row] ?? -1]));
      columns.module.push(words.modules.at(model.modules[model.module[row] ?? -1]));
      columns.events.push(model.events[row] ?? 0);
      columns.links.push(model.links[row] ?? 0);
      columns.flags.push(block >= 0 ? flags & ~FLAG_PARENT_MISSING : flags);
      columns.trace.push(trace);
      for (let k = model.ticks.first[row] ?? 0; k < (model.ticks.first[row + 1] ?? 0); k++) {
        this.events.row.push(at);
        this.events.offset.push((model.ticks.at[k] ?? 0) - (model.start[row] ?? 0));
        this.events.name.push((model.ticks.errors[k + 1] ?? 0) - (model.ticks.errors[k] ?? 0));
      }
      for (const link of model.linksOf.get(row) ?? []) this.links.push({ ...link, row: at });
    }
  }

  /** Adds the row above a joined trace and returns it. */
  addBlock(atId: string, model: TraceModel, trace: number, shiftNs: number): number {
    const { columns, words } = this;
    const at = this.id.length;
    this.id.push('');
    this.traceIds.push(model.traceId);
    columns.parent.push(this.rowOf.get(atId) ?? -1);
    columns.start.push(shiftNs);
    columns.duration.push(model.durationNs);
    columns.name.push(words.names.at(titleOf(model)));
    columns.flags.push(FLAG_BLOCK);
    columns.trace.push(trace);
    for (const name of ['service', 'category', 'peer', 'module'] as const) columns[name].push(-1);
    for (const name of ['kind', 'status', 'events', 'links'] as const) columns[name].push(0);
    return at;
  }

  source(durationNs: number): TraceSource {
    const { services, names, categories, peers, modules } = this.words;
    return {
      traceId: this.traceId,
      traceIds: this.traceIds,
      startNs: this.startNs,
      durationNs,
      services: services.list,
      names: names.list,
      categories: categories.list as TraceSource['categories'],
      peers: peers.list,
      modules: modules.list,
      links: this.links,
      linksTruncated: 0,
      spans: { id: this.id, ...this.columns },
      events: { ...this.events, names: ['', 'exception'], truncated: 0 },
    };
  }
}

/** What a trace is called: its first span that is one. */
export function titleOf(model: TraceModel): string {
  const row = (model.flags[0] ?? 0) & FLAG_ORPHANS ? 1 : 0;
  const service = model.services[model.service[row] ?? -1];
  const name = model.names[model.name[row] ?? -1] ?? '';
  return service ? `${service}: ${name}` : name;
}

/** Numbers words by first appearance; undefined is -1. */
function words() {
  const index = new Map<string, number>();
  const list: string[] = [];
  return {
    list,
    at(word: string | undefined): number {
      if (word === undefined) return -1;
      const known = index.get(word);
      if (known !== undefined) return known;
      index.set(word, list.length);
      return list.push(word) - 1;
    },
  };
}
