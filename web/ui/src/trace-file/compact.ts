import type { SpanDetail } from '../api/client';
import { FLAG_COLD, FLAG_PARENT_MISSING, FLAG_STARTS_EARLY } from '../trace/model';
import type { TraceSource } from '../trace/source';
import { KINDS, STATUSES } from './span';

class Words {
  readonly list: string[] = [];
  private readonly index = new Map<string, number>();

  /** The place of a word; -1 for the empty one. */
  add(word: string): number {
    if (word === '') return -1;
    return this.place(word);
  }

  place(word: string): number {
    let at = this.index.get(word);
    if (at === undefined) {
      at = this.list.push(word) - 1;
      this.index.set(word, at);
    }
    return at;
  }
}

const COLD = new Set(['ColdStart', 'PrepareCode', 'RuntimeInitialization', 'Initializer']);

const beginsCold = (span: SpanDetail) =>
  (span.kind === 'internal' || span.kind === 'unspecified') &&
  (COLD.has(span.name) || span.name.startsWith('Instance Init '));

/** The spans of cold starts and all below them. Parents may go round in a circle. */
function coldRows(spans: readonly SpanDetail[], parent: readonly number[]): boolean[] {
  const cold: (boolean | undefined)[] = spans.map(() => undefined);
  for (let row = 0; row < spans.length; row++) {
    const way: number[] = [];
    let at = row;
    while (at >= 0 && cold[at] === undefined) {
      const span = spans[at];
      cold[at] = span !== undefined && beginsCold(span);
      way.push(at);
      if (cold[at]) break;
      at = parent[at] ?? -1;
    }
    if (at >= 0 && cold[at]) for (const below of way) cold[below] = true;
  }
  return cold.map((is) => is === true);
}

/** The columns that a trace is drawn from, as the server makes them of a stored one. */
export function compactOf(traceId: string, spans: readonly SpanDetail[]): TraceSource {
  const starts = spans.map((span) => BigInt(span.startNs));
  let first = starts[0] ?? 0n;
  for (const at of starts) if (at < first) first = at;
  const start = starts.map((at) => Number(at - first));
  const rowOf = new Map(spans.map((span, i) => [span.spanId, i]));
  const parent = spans.map((span) =>
    span.parentSpanId === undefined ? -1 : (rowOf.get(span.parentSpanId) ?? -1),
  );
  const cold = coldRows(spans, parent);
  const services = new Words();
  const names = new Words();
  const categories = new Words();
  const peers = new Words();
  const modules = new Words();
  return {
    traceId,
    startNs: String(first),
    durationNs: spans.reduce((end, span, i) => Math.max(end, (start[i] ?? 0) + span.durationNs), 0),
    spans: {
      id: spans.map((span) => span.spanId),
      parent,
      start,
      duration: spans.map((span) => span.durationNs),
      service: spans.map((span) => services.place(span.service)),
      name: spans.map((span) => names.place(span.name)),
      kind: spans.map((span) => KINDS.indexOf(span.kind)),
      status: spans.map((span) => STATUSES.indexOf(span.status)),
      category: spans.map((span) => categories.add(span.category)),
      peer: spans.map((span) => peers.add(span.peer)),
      module: spans.map((span) => modules.add(moduleOf(span))),
      events: spans.map((span) => span.events.length),
      links: spans.map((span) => span.links.length),
      flags: spans.map((span, i) => {
        const own = cold[i] ? FLAG_COLD : 0;
        const up = parent[i] ?? -1;
        if (up < 0) return own | (span.parentSpanId === undefined ? 0 : FLAG_PARENT_MISSING);
        return own | ((start[i] ?? 0) < (start[up] ?? 0) ? FLAG_STARTS_EARLY : 0);
      }),
    },
    events: eventsOf(spans, starts),
    services: services.list,
    names: names.list,
    categories: categories.list,
    peers: peers.list,
    modules: modules.list,
    // Other traces would have to be fetched, and a file's trace asks the server nothing.
    links: [],
    linksTruncated: 0,
  };
}

const moduleOf = (span: SpanDetail) =>
  span.attributes.find(({ key }) => key === 'weft.module.name')?.value ?? '';

function eventsOf(spans: readonly SpanDetail[], starts: readonly bigint[]): TraceSource['events'] {
  const names = new Words();
  const all = spans.flatMap((span, row) =>
    span.events
      .map(({ timeNs, name }) => ({
        row,
        offset: Number(BigInt(timeNs) - (starts[row] ?? 0n)),
        name: names.place(name),
      }))
      .sort((a, b) => a.offset - b.offset),
  );
  return {
    row: all.map(({ row }) => row),
    offset: all.map(({ offset }) => offset),
    name: all.map(({ name }) => name),
    names: names.list,
    truncated: 0,
  };
}
