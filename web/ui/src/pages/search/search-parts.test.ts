import { beforeEach, describe, expect, it } from 'vitest';
import type { TraceSummary } from '../../api/client';
import type { ValueDifference } from '../../api/search';
import { serve } from '../../test/render';
import { conditionsOf, groupDifferences } from './diff-rows';
import { collect, toCSV } from './export-traces';
import { groupTraces } from './groups';
import { readViews, withoutView, withView, writeViews } from './saved-views';
import { toggled } from './use-row-keys';

const trace = (over: Partial<TraceSummary> = {}): TraceSummary => ({
  traceId: '1',
  rootService: 'front',
  rootName: 'GET /',
  hasRoot: true,
  startNs: '1700000000000000000',
  durationNs: 1e6,
  spans: 2,
  errors: 0,
  services: [{ name: 'front', spans: 2, errors: 0 }],
  ...over,
});

describe('groups', () => {
  const traces = Array.from({ length: 20 }, (_, i) =>
    trace({
      traceId: String(i),
      durationNs: (i + 1) * 1e6,
      errors: i === 0 ? 1 : 0,
      services: [
        { name: 'front', spans: 1, errors: 0 },
        ...(i < 5 ? [{ name: 'db', spans: 1, errors: i === 0 ? 1 : 0 }] : []),
      ],
    }),
  );

  it('by root', () => {
    expect(groupTraces(traces, 'root')).toEqual([
      {
        key: 'front\nGET /',
        service: 'front',
        name: 'GET /',
        count: 20,
        p50: 10e6,
        p95: 19e6,
        failed: 1,
      },
    ]);
  });

  it('by each service that takes part, with its own errors', () => {
    expect(groupTraces(traces, 'service').map(({ key, count, failed }) => [key, count, failed])).toEqual([
      ['front', 20, 0],
      ['db', 5, 1],
    ]);
  });
});

describe('differences', () => {
  const one = (over: Partial<ValueDifference>): ValueDifference => ({
    source: 'span',
    key: 'k',
    form: 'text',
    value: 'v',
    selected: 1,
    baseline: 0,
    coverage: 1,
    baselineShare: 0,
    p: 0,
    adjustedP: 0,
    ...over,
  });

  it('stand under their field in the order of the answer', () => {
    const groups = groupDifferences([
      one({}),
      one({ key: 'other' }),
      one({ value: 'w' }),
      one({ service: 's' }),
    ]);
    expect(groups.map(({ key, service, more }) => [key, service, more.length])).toEqual([
      ['k', undefined, 1],
      ['other', undefined, 0],
      ['k', 's', 0],
    ]);
  });

  it('become conditions', () => {
    expect(conditionsOf(one({}), false)).toEqual(['k=v']);
    expect(conditionsOf(one({}), true)).toEqual(['k!=v']);
    expect(conditionsOf(one({ form: 'present' }), false)).toEqual(['k']);
    expect(conditionsOf(one({ form: 'present' }), true)).toEqual(['!k']);
    expect(conditionsOf(one({ form: 'range', low: 64, high: 128 }), false)).toEqual(['k>=64', 'k<128']);
    expect(conditionsOf(one({ form: 'range', low: 64, high: 128 }), true)).toEqual(['k<64']);
    expect(conditionsOf(one({ value: 'x'.repeat(256) }), false)).toBeUndefined();
    expect(conditionsOf(one({ key: 'weft.error.type' }), false)).toBeUndefined();
  });
});

describe('export', () => {
  it('follows the pages up to the bound', async () => {
    let page = 0;
    const requests = serve({
      'GET /api/v1/traces': () =>
        Response.json({
          traces: Array.from({ length: 200 }, (_, i) => trace({ traceId: `${page}-${i}` })),
          nextCursor: `c${++page}`,
        }),
    });
    const seen: number[] = [];
    const traces = await collect({ service: 'a' }, (n) => seen.push(n), new AbortController().signal);
    expect(traces).toHaveLength(1000);
    expect(seen).toEqual([200, 400, 600, 800, 1000]);
    expect(requests.map((r) => new URL(r.url).searchParams.get('cursor'))).toEqual([
      null,
      'c1',
      'c2',
      'c3',
      'c4',
    ]);
  });

  it('writes cells that hold anything, and none that runs', () => {
    expect(toCSV([trace({ rootName: 'a "b", c', rootService: '=1+1' })])).toBe(
      'traceId,start,durationNs,rootService,rootName,spans,errors,services\r\n' +
        '1,2023-11-14T22:13:20.000Z,1000000,\'=1+1,"a ""b"", c",2,0,front\r\n',
    );
  });
});

describe('saved views', () => {
  beforeEach(() => localStorage.clear());

  it('are kept, replaced by name and deleted', () => {
    expect(readViews()).toEqual([]);
    writeViews(withView(withView(readViews(), { name: 'a', query: '?x=1' }), { name: 'b', query: '' }));
    writeViews(withView(readViews(), { name: 'a', query: '?x=2' }));
    expect(readViews()).toEqual([
      { name: 'a', query: '?x=2' },
      { name: 'b', query: '' },
    ]);
    expect(withoutView(readViews(), 'a')).toEqual([{ name: 'b', query: '' }]);
  });

  it('survive what else may be stored', () => {
    for (const stored of ['{', '5', '[1,{"name":2}]']) {
      localStorage.setItem('weft.views', stored);
      expect(readViews(), stored).toEqual([]);
    }
  });
});

it('marks two traces at most, the latest ones', () => {
  expect(toggled([], 'a')).toEqual(['a']);
  expect(toggled(['a', 'b'], 'c')).toEqual(['b', 'c']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});
