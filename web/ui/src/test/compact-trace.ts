import type { CompactTrace } from '../trace/source';

export type FixtureSpan = {
  id: string;
  parent?: string;
  start?: number;
  duration?: number;
  service?: string;
  name?: string;
  error?: boolean;
  flags?: number;
  kind?: number;
  module?: string;
  /** Nanoseconds after its start, and whether it is an exception. */
  events?: readonly (readonly [at: number, exception: boolean])[];
};

export const TRACE_ID = '5b8aa5a2d2c872e8321cf37308d69df2';

/** A compact trace for tests: parents by id, every other column with a plain default. Rows stay in the given order. */
export function compactTrace(spans: readonly FixtureSpan[]): CompactTrace {
  const services = [...new Set(spans.map((s) => s.service ?? 'shop'))];
  const names = [...new Set(spans.map((s) => s.name ?? s.id))];
  const serviceAt = new Map(services.map((name, i) => [name, i]));
  const nameAt = new Map(names.map((name, i) => [name, i]));
  const rowOf = new Map(spans.map((s, i) => [s.id, i]));
  const modules = [...new Set(spans.flatMap((s) => s.module ?? []))];
  const events = spans.flatMap((s, row) => (s.events ?? []).map(([at, error]) => ({ row, at, error })));
  const fill = (value: number) => spans.map(() => value);
  const ends = spans.map((s) => (s.start ?? 0) + (s.duration ?? 1));
  return {
    version: 2,
    traceId: TRACE_ID,
    startNs: '1700000000000000000',
    durationNs: ends.reduce((a, b) => Math.max(a, b), 0),
    services,
    names,
    categories: ['server'],
    peers: [],
    errorTypes: [],
    scopes: [{ name: 'test', version: '' }],
    resources: [{ hash: '0000000000000001' }],
    modules,
    events: {
      row: events.map(({ row }) => row),
      offset: events.map(({ at }) => at),
      name: events.map(({ error }) => (error ? 1 : 0)),
      names: ['retry', 'exception'],
      truncated: 0,
    },
    links: [],
    linksTruncated: 0,
    spans: {
      id: spans.map((s) => s.id),
      parent: spans.map((s) => (s.parent === undefined ? -1 : (rowOf.get(s.parent) ?? -1))),
      subtree: fill(1),
      depth: fill(0),
      start: spans.map((s) => s.start ?? 0),
      duration: spans.map((s) => s.duration ?? 1),
      service: spans.map((s) => serviceAt.get(s.service ?? 'shop') ?? 0),
      name: spans.map((s) => nameAt.get(s.name ?? s.id) ?? 0),
      kind: spans.map((s) => s.kind ?? 2),
      status: spans.map((s) => (s.error ? 2 : 0)),
      category: fill(0),
      peer: fill(-1),
      errorType: fill(-1),
      scope: fill(0),
      resource: fill(0),
      module: spans.map((s) => (s.module === undefined ? -1 : modules.indexOf(s.module))),
      events: spans.map((s) => s.events?.length ?? 0),
      links: fill(0),
      flags: spans.map((s) => s.flags ?? 0),
    },
  };
}
