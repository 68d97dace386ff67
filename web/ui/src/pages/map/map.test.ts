import { describe, expect, it } from 'vitest';
import type { Topology, TopologyDiff, TopologyMatrix } from '../../api/topology';
import { changesOf, withGone } from './changes';
import { edgeId, healthOf, toGraph, without } from './graph';
import { group } from './groups';
import { layOut, spread } from './layout';
import { beside } from './layout-place';
import { towards } from './moves';
import { atStep, stepAt, toReplay } from './replay';

type Node = Topology['nodes'][number];
type Edge = Topology['edges'][number];

const node = (id: string, more: Partial<Node> = {}): Node => ({
  id,
  kind: id.startsWith('service') ? 'service' : (id.split(':')[0] as Node['kind']),
  name: id.split(':')[1] ?? id,
  calls: 60,
  errors: 0,
  errorRate: 0,
  p50Ns: 1,
  p95Ns: 2,
  p99Ns: 3,
  coldStarts: 0,
  health: 'ok',
  ...more,
});

const edge = (type: Edge['type'], source: string, target: string, more: Partial<Edge> = {}): Edge => ({
  type,
  source,
  target,
  calls: 60,
  errors: 0,
  errorRate: 0,
  meanNs: 1,
  p50Ns: 1,
  p95Ns: 2,
  p99Ns: 3,
  coldStarts: 0,
  retries: 0,
  deadLetters: 0,
  health: 'ok',
  ...more,
});

const topology = (nodes: Node[], edges: Edge[]): Topology => ({
  fromNs: '0',
  toNs: '60000000000',
  source: 'edges',
  nodes,
  edges,
  truncated: false,
});

describe('the graph', () => {
  const queued = topology(
    [node('service:a'), node('queue:q'), node('service:b')],
    [
      edge('publish', 'service:a', 'queue:q', { via: 'nats' }),
      edge('consume', 'queue:q', 'service:b', { via: 'nats' }),
      edge('async', 'service:a', 'service:b', { via: 'q', queueAgeP95Ns: 5e9 }),
    ],
  );

  it('draws a message once, and says at the queue how long it waited', () => {
    const { nodes, edges } = toGraph(queued);
    expect(edges.map(({ type }) => type)).toEqual(['publish', 'consume']);
    expect(edges.map(({ ageNs }) => ageNs)).toEqual([null, 5e9]);
    expect(nodes.find(({ id }) => id === 'queue:q')?.ageNs).toBe(5e9);
  });

  it('keeps a message whose queue is not known', () => {
    const { edges } = toGraph(topology([node('service:a'), node('service:b')], queued.edges.slice(2)));
    expect(edges).toMatchObject([{ type: 'async', ageNs: 5e9, perMinute: 60 }]);
  });

  it('leaves out nodes with their edges', () => {
    const graph = toGraph(queued);
    expect(without(graph, ['queue'], [])).toMatchObject({ edges: [] });
    expect(without(graph, [], ['service:a']).edges.map(({ type }) => type)).toEqual(['consume']);
  });

  it('judges health as the server does', () => {
    expect(healthOf(100, 5)).toBe('bad');
    expect(healthOf(40, 2)).toBe('warn');
    expect(healthOf(1000, 9)).toBe('ok');
    expect(healthOf(0, 0)).toBe('ok');
  });
});

describe('groups', () => {
  const graph = toGraph(
    topology(
      [
        node('service:shop-a'),
        node('service:shop-b', { p95Ns: 9 }),
        node('service:shop-c', { health: 'bad', errors: 6, errorRate: 0.1 }),
        node('service:mail.in'),
        node('service:mail.out'),
        node('service:alone'),
      ],
      [
        edge('call', 'service:shop-a', 'service:mail.in'),
        edge('call', 'service:shop-b', 'service:mail.out'),
        edge('call', 'service:shop-a', 'service:shop-b'),
        edge('call', 'service:shop-c', 'service:alone'),
      ],
    ),
  );

  it('are not made of few nodes', () => {
    expect(group(graph, 'auto', []).nodes).toHaveLength(6);
  });

  it('fold what is healthy and show what is not', () => {
    const { nodes, edges, parent } = group(graph, 'prefix', []);
    expect(nodes.map(({ id }) => id).sort()).toEqual([
      'group:mail',
      'rest:shop',
      'service:alone',
      'service:shop-c',
    ]);
    expect(nodes.find(({ id }) => id === 'rest:shop')).toMatchObject({ folded: 2, calls: 120, p95Ns: 9 });
    expect(parent.get('service:shop-c')).toBe('group:shop');
    expect(edges.map(({ source, target, calls }) => [source, target, calls])).toEqual([
      ['rest:shop', 'group:mail', 120],
      ['service:shop-c', 'service:alone', 60],
    ]);
  });

  it('show all when they are opened', () => {
    const { nodes, edges } = group(graph, 'prefix', ['group:shop', 'group:mail']);
    expect(nodes).toHaveLength(6);
    expect(edges).toHaveLength(4);
  });
});

describe('replay', () => {
  const call = edge('call', 'service:a', 'service:b');
  const matrix: TopologyMatrix = {
    fromNs: '60000000000',
    stepNs: 30e9,
    steps: 3,
    truncated: false,
    nodes: [{ id: 'service:b', kind: 'service', name: 'b', calls: [1, 2, 3], errors: [0, 0, 3] }],
    edges: [{ type: 'call', source: 'service:a', target: 'service:b', calls: [1, 2, 3], errors: [0, 0, 3] }],
  };
  const replay = toReplay(matrix);

  it('finds the step of a moment', () => {
    expect([59_999, 60_000, 119_999, 149_999, 150_000].map((at) => stepAt(replay, at))).toEqual([
      undefined,
      0,
      1,
      2,
      undefined,
    ]);
  });

  it('gives nodes and edges the figures of the step, and no percentile', () => {
    const graph = atStep(toGraph(topology([node('service:a'), node('service:b')], [call])), replay, 2);
    expect(graph.edges).toMatchObject([{ calls: 3, errors: 3, perMinute: 6, p95Ns: null, health: 'bad' }]);
    expect(graph.nodes.map(({ calls }) => calls)).toEqual([0, 3]);
  });
});

describe('changes', () => {
  const figures = (calls: number, errorRate = 0, p95Ns = 1) => ({
    calls,
    callsPerMinute: calls,
    errors: 0,
    errorRate,
    p95Ns,
  });
  type DiffEdge = TopologyDiff['edges'][number];
  const diffEdge = (target: string, more: Partial<DiffEdge>): DiffEdge => ({
    type: 'call',
    source: 'service:a',
    target,
    status: 'changed',
    base: figures(10),
    current: figures(10),
    significant: [],
    ...more,
  });
  const changes = changesOf({
    fromNs: '0',
    toNs: '0',
    baseFromNs: '0',
    baseToNs: '0',
    truncated: false,
    edges: [
      diffEdge('service:faster', { current: figures(10, 0, 0.5), significant: ['p95'] }),
      diffEdge('database:old', { type: 'database', status: 'gone', via: 'pg' }),
      diffEdge('service:busy', { current: figures(30), significant: ['rate'] }),
      diffEdge('service:fails', { current: figures(5, 0.2, 0.5), significant: ['errorRate', 'p95'] }),
    ],
  });

  it('have one word each, the worst first', () => {
    expect(changes.map(({ word }) => word)).toEqual(['worse', 'gone', 'busier', 'better']);
  });

  it('bring back what is gone', () => {
    const { nodes, edges } = withGone(toGraph(topology([node('service:a')], [])), changes);
    expect(nodes.at(-1)).toMatchObject({ id: 'database:old', kind: 'database', name: 'old', calls: 0 });
    expect(edges.map(({ id }) => id)).toEqual([
      edgeId({ type: 'database', source: 'service:a', target: 'database:old', via: 'pg' }),
    ]);
  });
});

describe('places', () => {
  const request = {
    tiled: false,
    nodes: ['c', 'a', 'b', 'd'].map((id) => ({ id })),
    edges: [
      { source: 'a', target: 'b' },
      { source: 'b', target: 'c' },
      { source: 'c', target: 'a' },
      { source: 'a', target: 'd' },
    ],
  };

  it('are the same for the same graph, callers to the left', () => {
    const places = layOut(request);
    expect(layOut({ ...request, nodes: request.nodes.toReversed() })).toEqual(places);
    expect(places.a?.x).toBeLessThan(places.b?.x ?? 0);
    expect(places.b?.x).toBeLessThan(places.c?.x ?? 0);
  });

  it('of many nodes never overlap', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`n${i}`, { x: i % 7, y: i % 3 }]));
    const cells = new Set(Object.values(spread(many)).map(({ x, y }) => `${x},${y}`));
    expect(cells.size).toBe(500);
  });

  it('of what is new are beside a neighbour and on nothing else', () => {
    const places = new Map([
      ['a', { x: 0, y: 0 }],
      ['b', { x: 1000, y: 0 }],
    ]);
    const one = beside('c', ['b'], places);
    places.set('c', one);
    const two = beside('d', ['b'], places);
    expect(Math.hypot(one.x - 1000, one.y)).toBeLessThanOrEqual(200);
    expect(two).not.toEqual(one);
  });

  it('are reached by the arrow that points there', () => {
    const around = [
      { id: 'right', x: 100, y: 10 },
      { id: 'far', x: 300, y: 0 },
      { id: 'up', x: 10, y: -80 },
    ];
    const from = { id: 'me', x: 0, y: 0 };
    expect(towards(from, around, 'ArrowRight')).toBe('right');
    expect(towards(from, around, 'ArrowUp')).toBe('up');
    expect(towards(from, around, 'ArrowLeft')).toBeUndefined();
  });
});
