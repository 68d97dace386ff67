import { describe, expect, it } from 'vitest';
import { changesOf, comparable, differs, wilson } from './changes';
import { growth } from './service-rows';

const figures = (calls: number, errorRate = 0, p95Ns = 1e6) => ({
  calls,
  callsPerMinute: calls / 10,
  errors: calls * errorRate,
  errorRate,
  p95Ns,
});

type Figures = ReturnType<typeof figures>;
const edge = (
  source: string,
  target: string,
  status: string,
  base: Figures,
  current: Figures,
  significant: string[] = [],
) => ({ type: 'call', source, target, status, base, current, significant });

const diff = (edges: unknown[]) =>
  ({ fromNs: '0', toNs: '0', baseFromNs: '0', baseToNs: '0', edges, truncated: false }) as never;

const fn = (name: string, versions: string[], invocations: number, coldStarts: number) =>
  ({ name, versions, invocations, coldStarts, coldShare: coldStarts / invocations }) as never;

describe('what changed', () => {
  it('puts errors first, then latency, versions, cold starts and edges, and what got better last', () => {
    const edges = [
      edge('service:a', 'service:b', 'changed', figures(100, 0, 9e6), figures(100, 0, 1e6), ['p95']),
      edge('service:a', 'service:new', 'new', figures(0), figures(10)),
      edge('service:a', 'service:c', 'changed', figures(100), figures(100, 0, 5e6), ['p95']),
      edge('service:a', 'service:d', 'changed', figures(900), figures(900, 0.12), ['errorRate']),
    ];
    const before = [fn('f', ['1'], 500, 1)];
    const now = [fn('f', ['1', '2'], 500, 100)];
    expect(changesOf(diff(edges), before, now).map(({ kind }) => kind)).toEqual([
      'errors',
      'slower',
      'version',
      'moreCold',
      'newEdge',
      'faster',
    ]);
  });

  it('tells of one target once, by the caller that weighs most', () => {
    const worse = (source: string, calls: number) =>
      edge(source, 'service:x', 'changed', figures(calls), figures(calls, 0.5), ['errorRate']);
    const changes = changesOf(diff([worse('service:a', 10), worse('service:b', 500)]), [], []);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ sources: ['service:a', 'service:b'], edge: { source: 'service:b' } });
  });

  it('is not asked of a time that holds nothing', () => {
    expect(comparable(diff([edge('user', 'service:a', 'new', figures(0), figures(5))]), [])).toBe(false);
    expect(comparable(diff([edge('user', 'service:a', 'gone', figures(5), figures(0))]), [])).toBe(true);
    expect(changesOf(diff([]), [], [fn('f', ['1'], 5, 5)])).toEqual([]);
  });
});

describe('shares', () => {
  it('have the interval of Wilson', () => {
    // By hand for 10 of 100 at z = 3.2905: middle 0.13908, half 0.10158.
    const [low, high] = wilson(10, 100);
    expect(low).toBeCloseTo(0.0375, 3);
    expect(high).toBeCloseTo(0.2407, 3);
    expect(wilson(0, 0)).toEqual([0, 1]);
  });

  it('of few calls never differ', () => {
    expect(differs(0, 3, 3, 3)).toBe(false);
    expect(differs(1, 500, 100, 500)).toBe(true);
  });
});

describe('growth', () => {
  it('is told of enough calls and enough difference only', () => {
    expect(growth(150, 100, 500, 500)).toBeCloseTo(0.5);
    expect(growth(105, 100, 500, 500)).toBeUndefined();
    expect(growth(150, 100, 5, 500)).toBeUndefined();
    expect(growth(150, 0, 500, 0)).toBeUndefined();
  });
});
