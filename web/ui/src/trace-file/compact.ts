import type { SpanDetail } from '../api/client';
import { type CompactTrace, FLAG_PARENT_MISSING, FLAG_STARTS_EARLY } from '../trace/model';
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

/** The columns that a trace is drawn from, as the server makes them of a stored one. */
export function compactOf(traceId: string, spans: readonly SpanDetail[]): CompactTrace {
  const starts = spans.map((span) => BigInt(span.startNs));
  let first = starts[0] ?? 0n;
  for (const at of starts) if (at < first) first = at;
  const start = starts.map((at) => Number(at - first));
  const rowOf = new Map(spans.map((span, i) => [span.spanId, i]));
  const parent = spans.map((span) =>
    span.parentSpanId === undefined ? -1 : (rowOf.get(span.parentSpanId) ?? -1),
  );
  const [services, names, categories, peers, errors] = Array.from({ length: 5 }, () => new Words()) as [
    Words,
    Words,
    Words,
    Words,
    Words,
  ];
  const zeros = spans.map(() => 0);
  return {
    traceId,
    startNs: String(first),
    durationNs: spans.reduce((end, span, i) => Math.max(end, (start[i] ?? 0) + span.durationNs), 0),
    spans: {
      id: spans.map((span) => span.spanId),
      parent,
      subtree: zeros,
      depth: zeros,
      start,
      duration: spans.map((span) => span.durationNs),
      service: spans.map((span) => services.place(span.service)),
      name: spans.map((span) => names.place(span.name)),
      kind: spans.map((span) => KINDS.indexOf(span.kind)),
      status: spans.map((span) => STATUSES.indexOf(span.status)),
      category: spans.map((span) => categories.add(span.category)),
      peer: spans.map((span) => peers.add(span.peer)),
      errorType: spans.map((span) => errors.add(span.error?.type ?? '')),
      scope: zeros,
      resource: zeros,
      events: spans.map((span) => span.events.length),
      links: spans.map((span) => span.links.length),
      flags: spans.map((span, i) => {
        const up = parent[i] ?? -1;
        if (up < 0) return span.parentSpanId === undefined ? 0 : FLAG_PARENT_MISSING;
        return (start[i] ?? 0) < (start[up] ?? 0) ? FLAG_STARTS_EARLY : 0;
      }),
    },
    services: services.list,
    names: names.list,
    categories: categories.list,
    peers: peers.list,
    errorTypes: errors.list,
    scopes: [{ name: '', version: '' }],
    resources: [{ hash: '' }],
  };
}
