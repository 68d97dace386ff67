import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { queueOf } from './gaps';
import { joinTraces, MOST_OF_SPAN, planJoins } from './join';
import { buildTrace, FLAG_BLOCK, type TraceModel } from './model';

const at = (ms: number) => String(1_700_000_000_000_000_000n + BigInt(ms) * 1_000_000n);
const link = (row: number, traceId: string, spanId: string, from: boolean) => ({
  row,
  traceId,
  spanId,
  from,
});

// An order is published by one trace, and worked on four minutes later by another, which a third follows.
function journey() {
  const publisher = buildTrace({
    ...compactTrace([
      { id: 'a1', name: 'POST /orders', duration: 50e6 },
      { id: 'a2', parent: 'a1', name: 'publish orders', start: 10e6, duration: 5e6, kind: 4 },
      { id: 'a3', parent: 'a1', name: 'answer', start: 20e6, duration: 5e6 },
    ]),
    traceId: 'a',
    startNs: at(0),
    links: [link(1, 'b', 'b1', true)],
  });
  const work = compactTrace([
    { id: 'b1', name: 'process orders', service: 'mail', duration: 20e6, kind: 5 },
    { id: 'b2', parent: 'b1', name: 'send', service: 'mail', start: 5e6, error: true, events: [[1e6, true]] },
  ]);
  const worker = buildTrace({
    ...work,
    traceId: 'b',
    startNs: at(240_000),
    peers: ['orders'],
    spans: { ...work.spans, peer: [0, -1] },
    links: [link(0, 'a', 'a2', false), link(1, 'c', 'c1', true)],
  });
  const last = buildTrace({
    ...compactTrace([{ id: 'c1', name: 'sent', service: 'mailbox', duration: 1e6 }]),
    traceId: 'c',
    startNs: at(240_012),
    links: [link(0, 'b', 'b2', false)],
  });
  const all = new Map([publisher, worker, last].map((model) => [model.traceId, model]));
  return { publisher, worker, last, get: (id: string): TraceModel | undefined => all.get(id) };
}

const labels = (model: TraceModel) =>
  Array.from(
    { length: model.rows },
    (_, row) => `${'  '.repeat(model.depth[row] ?? 0)}${model.names[model.name[row] ?? -1]}`,
  );

it('shows a linked trace below its span, on one time axis', () => {
  const { publisher, get } = journey();
  const { joins, left } = planJoins(publisher, ['a2', 'b2'], get);
  expect(left).toBe(0);
  const model = joinTraces(publisher, joins, get);
  expect(labels(model)).toEqual([
    'POST /orders',
    '  publish orders',
    '    mail: process orders',
    '      process orders',
    '        send',
    '          mailbox: sent',
    '            sent',
    '  answer',
  ]);
  expect(model.spans).toBe(6);
  expect(model.flags[2]).toBe(FLAG_BLOCK);
  expect(model.start[3]).toBe(240e9);
  expect(model.durationNs).toBe(240e9 + 20e6);
  expect([...model.trace].map((t) => model.traceIds[t])).toEqual(['a', 'a', 'b', 'b', 'b', 'c', 'c', 'a']);
  // The linked trace is no part of what its span did itself.
  expect(model.self.total[1]).toBe(5e6);
  expect(model.ticks.at[model.ticks.first[4] ?? 0]).toBe(240e9 + 6e6);
});

it('knows how long the message waited and in which queue', () => {
  const { publisher, get } = journey();
  const model = joinTraces(publisher, planJoins(publisher, ['a2'], get).joins, get);
  expect(model.waits.get(model.rowOf.get('b1') ?? -1)).toBe(15e6);
  expect(queueOf(model, { from: 50e6, to: 240e9 })).toBe('orders');
});

it('goes the other way too, where the earlier trace moves the start', () => {
  const { worker, publisher, get } = journey();
  const model = joinTraces(worker, planJoins(worker, ['b1'], get).joins, get);
  expect(model.startNs).toBe(publisher.startNs);
  expect(model.start[model.rowOf.get('b1') ?? -1]).toBe(240e9);
  expect(model.rowOf.has('a3')).toBe(true);
});

it('follows a span of a trace that is not here yet only when it is', () => {
  const { publisher, get } = journey();
  const { joins } = planJoins(publisher, ['a2', 'b2'], (id) => (id === 'a' ? get(id) : undefined));
  expect(joins.map(({ traceId }) => traceId)).toEqual(['b']);
  expect(joinTraces(publisher, joins, () => undefined)).toBe(publisher);
});

it('never shows a trace twice, and says how many are too many', () => {
  const { worker } = journey();
  const many = Array.from({ length: MOST_OF_SPAN + 3 }, (_, k) => link(0, `t${k}`, `s${k}`, false));
  const base = buildTrace({ ...compactTrace([{ id: 'r' }]), links: [...many, ...many] });
  const { joins, left } = planJoins(base, ['r', 'r'], () => worker);
  expect(joins).toHaveLength(MOST_OF_SPAN);
  expect(left).toBe(3);
});
