import { describe, expect, it } from 'vitest';
import type { CallPaths } from '../../api/topology';
import { parseExpression } from './expression';
import type { Graph, MapEdge, MapNode } from './graph';
import { group, nodeOfScene } from './groups';
import { culprit, reasonOf } from './health';
import { hidden } from './labels';
import { layOut } from './layout';
import { throughEdge } from './links';
import { alongOf, questionOf, shortest, standIns, waysOf } from './paths';
import { arrange, type Slots, sizeOf, spanOf } from './slots';
import { newsOf } from './use-news';

const figures = {
  calls: 100,
  errors: 0,
  errorRate: 0,
  perMinute: 10,
  p50Ns: 1e6,
  p95Ns: 2e8,
  p99Ns: 3e8,
  coldStarts: 0,
  ageNs: null,
  health: 'ok',
} as const;

const node = (id: string, more: Partial<MapNode> = {}): MapNode => ({
  ...figures,
  id,
  kind: (id.startsWith('service:') ? 'service' : id.split(':')[0]) as MapNode['kind'],
  name: id.split(':')[1] ?? id,
  ...more,
});

const edge = (source: string, target: string, more: Partial<MapEdge> = {}): MapEdge => ({
  ...figures,
  id: `call|${source}|${target}|`,
  type: 'call',
  source,
  target,
  retries: 0,
  deadLetters: 0,
  ...more,
});

const failing = { errors: 20, errorRate: 0.2, health: 'bad' } as const;

const spaces = ['shop', 'mail', 'risk'];
const many = (more: Partial<MapNode> = {}): Graph => ({
  minutes: 10,
  nodes: spaces.flatMap((space) =>
    Array.from({ length: 40 }, (_, i) =>
      node(`service:${space}-${i}`, i === 3 && space === 'shop' ? { ...failing, ...more } : {}),
    ),
  ),
  edges: [edge('service:shop-1', 'service:mail-2'), edge('service:shop-3', 'service:risk-4')],
});

describe('the places of groups', () => {
  const tilesOf = (graph: Graph) => {
    const scene = group(graph, 'prefix', []);
    const ids = [...scene.groups.values()];
    return new Map(
      Object.entries(
        layOut({
          nodes: ids.map(({ id, members }) => ({ id, span: spanOf(members.length) })),
          edges: [{ source: 'group:shop', target: 'group:mail' }],
          tiled: true,
        }),
      ),
    );
  };

  it('do not overlap', () => {
    const { w, h } = sizeOf(spanOf(40));
    const all = [...tilesOf(many()).values()];
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1))
        expect(Math.abs(a.x - b.x) >= w || Math.abs(a.y - b.y) >= h).toBe(true);
  });

  it('stay when a group is opened, and its members stand within it', () => {
    const tiles = tilesOf(many());
    const slots: Slots = new Map();
    const before = arrange(group(many(), 'prefix', []), tiles, slots);
    const after = arrange(group(many(), 'prefix', ['group:mail']), tiles, slots);
    expect(after.get('group:risk')).toEqual(before.get('group:risk'));
    expect(after.get('service:shop-3')).toEqual(before.get('service:shop-3'));
    const frame = after.get('group:mail');
    for (let i = 0; i < 40; i++) {
      const place = after.get(`service:mail-${i}`);
      expect(Math.abs((place?.x ?? 0) - (frame?.x ?? 0))).toBeLessThan((frame?.w ?? 0) / 2);
      expect(Math.abs((place?.y ?? 0) - (frame?.y ?? 0))).toBeLessThan((frame?.h ?? 0) / 2);
    }
  });

  it('stay when another member begins to fail', () => {
    const tiles = tilesOf(many());
    const slots: Slots = new Map();
    const before = arrange(group(many(), 'prefix', []), tiles, slots);
    const worse = many();
    worse.nodes = worse.nodes.map((one) => (one.id === 'service:shop-0' ? { ...one, ...failing } : one));
    const after = arrange(group(worse, 'prefix', []), tiles, slots);
    expect(after.has('service:shop-0')).toBe(true);
    for (const id of ['service:shop-3', 'rest:shop', 'group:mail'])
      expect(after.get(id)).toEqual(before.get(id));
  });

  it('have the figures of all that is in them', () => {
    const graph = many();
    const scene = group(graph, 'prefix', []);
    expect(nodeOfScene(scene, graph, 'group:shop')).toMatchObject({ folded: 40, calls: 4000, health: 'bad' });
    expect(nodeOfScene(scene, graph, 'service:mail-7')?.name).toBe('mail-7');
    expect(standIns(scene).get('service:mail-7')).toBe('group:mail');
    expect(standIns(scene).get('service:shop-7')).toBe('rest:shop');
  });
});

describe('labels', () => {
  it('that say less are left out where they would overlap', () => {
    const box = (id: string, rank: number, x1: number) => ({ id, rank, x1, x2: x1 + 100, y1: 0, y2: 20 });
    expect([...hidden([box('ok', 4, 50), box('bad', 1, 0), box('far', 4, 101)])]).toEqual(['ok']);
  });
});

describe('expressions', () => {
  const finds = (written: string, more: Partial<MapNode> = {}) =>
    parseExpression(written)?.(node('service:shop-pay', more));
  it('compare figures with units', () => {
    expect(finds('p95>150ms')).toBe(true);
    expect(finds('p95>1s')).toBe(false);
    expect(finds('errors>5%', failing)).toBe(true);
    expect(finds('errors<=0.05', failing)).toBe(false);
    expect(finds('age>1s')).toBe(false);
  });
  it('join terms, turn them round and have alternatives', () => {
    expect(finds('pay kind=service')).toBe(true);
    expect(finds('pay !kind=service')).toBe(false);
    expect(finds('mail | PAY')).toBe(true);
  });
  it('are refused when they say nothing', () => {
    for (const wrong of ['', 'a |', 'errors>lots', 'colour=red', 'kind>service', 'rate>', '!'])
      expect(parseExpression(wrong)).toBeUndefined();
  });
});

describe('health', () => {
  it('has a reason', () => {
    const of = (calls: number, errors: number, health: MapNode['health']) =>
      reasonOf({ ...figures, calls, errors, errorRate: errors / Math.max(calls, 1), health });
    expect(of(0, 0, 'ok')).toBe('idle');
    expect(of(10, 0, 'ok')).toBe('fine');
    expect(of(1000, 1, 'ok')).toBe('few');
    expect(of(100, 2, 'warn')).toBe('warn');
    expect(of(4, 2, 'warn')).toBe('fewAmong');
    expect(of(10, 5, 'bad')).toBe('bad');
  });
  it('of what calls something that fails names it', () => {
    const edges = [
      edge('service:a', 'service:b'),
      edge('service:a', 'service:c', failing),
      edge('service:c', 'service:d', failing),
    ];
    expect(culprit('service:a', 'bad', edges)?.target).toBe('service:c');
    expect(culprit('service:a', 'ok', edges)).toBeUndefined();
  });
});

describe('paths', () => {
  const hop = (parent: number, id: string, calls: number) => ({
    parent,
    kind: 'service' as const,
    node: id,
    name: id,
    operation: '',
    calls,
    errors: 0,
    traces: calls,
  });
  const paths = {
    hops: [
      hop(-1, 'service:a', 10),
      hop(0, 'service:b', 8),
      hop(1, 'service:d', 3),
      hop(0, 'service:d', 5),
      hop(1, 'service:d', 4),
    ],
  } as unknown as CallPaths;

  it('that pass the same nodes are one, the most taken first', () => {
    const question = questionOf('service:a', 'service:d');
    expect(question).toEqual({ service: 'a', direction: 'downstream' });
    if (!question) return;
    expect(waysOf(paths, 'service:a', 'service:d', question, new Set())).toMatchObject([
      { nodes: ['service:a', 'service:b', 'service:d'], calls: 7 },
      { nodes: ['service:a', 'service:d'], calls: 5 },
    ]);
  });

  it('from the user begin where it calls', () => {
    const upstream = { hops: [hop(-1, 'service:d', 5), hop(0, 'service:a', 5)] } as unknown as CallPaths;
    const question = { service: 'd', direction: 'upstream' } as const;
    expect(waysOf(upstream, 'user', 'service:d', question, new Set(['service:a']))).toMatchObject([
      { nodes: ['user', 'service:a', 'service:d'] },
    ]);
    expect(waysOf(upstream, 'user', 'service:d', question, new Set())).toEqual([]);
  });

  it('go along edges where no trace goes all the way, and light queues between', () => {
    const graph: Graph = {
      minutes: 1,
      nodes: ['service:a', 'queue:q', 'service:b'].map((id) => node(id)),
      edges: [edge('service:a', 'queue:q'), edge('queue:q', 'service:b')],
    };
    expect(shortest(graph.edges, 'service:a', 'service:b')).toEqual(['service:a', 'queue:q', 'service:b']);
    expect(shortest(graph.edges, 'service:b', 'service:a')).toBeUndefined();
    const way = { nodes: ['service:a', 'service:b'], calls: 1, errors: 0, traces: 1 };
    expect([...alongOf([way], group(graph, 'none', [])).nodes].sort()).toEqual([
      'queue:q',
      'service:a',
      'service:b',
    ]);
  });
});

describe('an edge', () => {
  it('between services finds traces by their structure', () => {
    const through = throughEdge(edge('service:a', 'service:b'), node('service:a'), node('service:b'));
    expect(through?.all.structure).toMatchObject({ a: { field: '@service', value: 'a' }, op: '>' });
    expect(JSON.stringify(through?.failing.structure)).toContain('@error');
  });
  it('to a database finds the spans that name it', () => {
    const through = throughEdge(
      edge('service:a', 'database:d', { type: 'database' }),
      node('service:a'),
      node('database:d'),
    );
    expect(JSON.stringify(through?.all.where)).toContain('@peer');
  });
});

describe('news', () => {
  it('are what came and what began to fail', () => {
    const graph = {
      minutes: 1,
      edges: [],
      nodes: [node('service:a', failing), node('service:b'), node('service:c', failing)],
    };
    const before = new Map([
      ['service:a', 'ok'],
      ['service:c', 'bad'],
    ] as const);
    expect(newsOf(before, graph).map(({ id, word }) => [id, word])).toEqual([
      ['service:a', 'failing'],
      ['service:b', 'new'],
    ]);
  });
});
