import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { buildTrace } from './model';
import { serviceGraph, statistics } from './statistics';

const model = buildTrace(
  compactTrace([
    { id: 'r', service: 'web', name: 'GET', duration: 100 },
    { id: 'a', parent: 'r', service: 'api', name: 'call', start: 10, duration: 20 },
    { id: 'b', parent: 'r', service: 'api', name: 'call', start: 40, duration: 30, error: true },
    { id: 'd', parent: 'b', service: 'db', name: 'SELECT', start: 45, duration: 5 },
  ]),
);

it('counts, sums and ranks by operation', () => {
  const call = statistics(model, undefined).find((row) => row.name === 'call');
  expect(call).toMatchObject({ calls: 2, errors: 1, totalNs: 50, selfNs: 45, p95Ns: 30, maxNs: 30, row: 2 });
});

it('knows who called whom, callers first', () => {
  const { nodes, calls } = serviceGraph(model);
  expect(nodes.map((n) => [n.name, n.level, n.spans, n.selfNs])).toEqual([
    ['web', 0, 1, 50],
    ['api', 1, 2, 45],
    ['db', 2, 1, 5],
  ]);
  expect(calls.map((c) => [c.from, c.to, c.calls, c.errors, c.totalNs])).toEqual([
    [0, 1, 2, 1, 50],
    [1, 2, 1, 0, 5],
  ]);
});
