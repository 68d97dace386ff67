import type { NodeKind, Topology, TopologyEdge, TopologyNode } from '../../api/topology';

export type Health = TopologyNode['health'];

/** What a node or edge shows; null where it is not known, as percentiles of one time step are not. */
export type Figures = {
  calls: number;
  errors: number;
  errorRate: number;
  perMinute: number;
  p50Ns: number | null;
  p95Ns: number | null;
  p99Ns: number | null;
  coldStarts: number | null;
  /** How long messages wait in the queue, 95th percentile; null where there is no queue. */
  ageNs: number | null;
  health: Health;
};

export type MapNode = Figures & {
  id: string;
  kind: NodeKind;
  name: string;
  system?: string | undefined;
  /** How many nodes it stands for, when the server or a closed group put them into one. */
  folded?: number | undefined;
};

export type MapEdge = Figures & {
  id: string;
  type: TopologyEdge['type'];
  source: string;
  target: string;
  via?: string | undefined;
  retries: number;
  deadLetters: number;
};

export type Graph = { nodes: MapNode[]; edges: MapEdge[]; minutes: number };

/** The key of an edge in every answer of the API and in addresses. */
export const edgeId = (edge: { type: string; source: string; target: string; via?: string | undefined }) =>
  [edge.type, edge.source, edge.target, edge.via ?? ''].join('|');

/** The server's rule: bad from 5 % errors and 3 of them, warn from 1 %. */
export const healthOf = (calls: number, errors: number): Health =>
  errors >= 3 && errors >= calls * 0.05 ? 'bad' : errors > 0 && errors >= calls * 0.01 ? 'warn' : 'ok';

/**
 * The answer as it is drawn. A message that goes through a queue's node is not drawn a second time, straight from sender to
 * receiver: how long it waited goes to the queue and to the edge that leaves it. users is what the user's node is called.
 */
export function toGraph(topology: Topology, users = 'user'): Graph {
  const minutes = Math.max(Number(BigInt(topology.toNs) - BigInt(topology.fromNs)) / 60e9, 1 / 60);
  const ids = new Set(topology.nodes.map(({ id }) => id));
  const ages = new Map<string, number>();
  const raise = (key: string, ns: number) => ages.set(key, Math.max(ages.get(key) ?? 0, ns));
  const drawn: TopologyEdge[] = [];
  const consumed = new Set(
    topology.edges
      .filter(({ type }) => type === 'consume')
      .map(({ source, target }) => `${source}|${target}`),
  );
  for (const edge of topology.edges) {
    const queue = `queue:${edge.via ?? ''}`;
    const way = `${queue}|${edge.target}`;
    if (edge.type !== 'async' || !ids.has(queue) || !consumed.has(way)) {
      drawn.push(edge);
      continue;
    }
    raise(queue, edge.queueAgeP95Ns ?? 0);
    raise(way, edge.queueAgeP95Ns ?? 0);
  }
  const figures = (of: TopologyNode | TopologyEdge, ageNs: number | null) => ({
    calls: of.calls,
    errors: of.errors,
    errorRate: of.errorRate,
    perMinute: of.calls / minutes,
    p50Ns: of.calls > 0 ? of.p50Ns : null,
    p95Ns: of.calls > 0 ? of.p95Ns : null,
    p99Ns: of.calls > 0 ? of.p99Ns : null,
    coldStarts: of.coldStarts,
    ageNs,
    health: of.health,
  });
  return {
    minutes,
    nodes: topology.nodes.map((node) => ({
      ...figures(node, ages.get(node.id) ?? null),
      id: node.id,
      kind: node.kind,
      name: node.kind === 'user' ? users : node.name === '' ? node.id : node.name,
      system: node.system,
      folded: node.folded,
    })),
    edges: drawn.map((edge) => ({
      ...figures(edge, ages.get(`${edge.source}|${edge.target}`) ?? edge.queueAgeP95Ns ?? null),
      id: edgeId(edge),
      type: edge.type,
      source: edge.source,
      target: edge.target,
      via: edge.via,
      retries: edge.retries,
      deadLetters: edge.deadLetters,
    })),
  };
}

/** Leaves out nodes and the edges that end at them. */
export function without(graph: Graph, kinds: readonly string[], ids: readonly string[]): Graph {
  if (kinds.length === 0 && ids.length === 0) return graph;
  const gone = new Set(ids);
  const nodes = graph.nodes.filter(({ id, kind }) => !gone.has(id) && !kinds.includes(kind));
  const left = new Set(nodes.map(({ id }) => id));
  return {
    ...graph,
    nodes,
    edges: graph.edges.filter(({ source, target }) => left.has(source) && left.has(target)),
  };
}

/** Several figures as one: calls and errors add up, of durations the longest counts, since percentiles cannot be added. */
export function sum(all: readonly Figures[]): Figures {
  const most = (pick: (one: Figures) => number | null) =>
    all.reduce<number | null>((max, one) => {
      const value = pick(one);
      return value === null ? max : Math.max(max ?? 0, value);
    }, null);
  const total = (pick: (one: Figures) => number | null) =>
    all.reduce<number | null>((n, one) => {
      const value = pick(one);
      return value === null ? n : (n ?? 0) + value;
    }, null);
  const calls = total((one) => one.calls) ?? 0;
  const errors = total((one) => one.errors) ?? 0;
  return {
    calls,
    errors,
    errorRate: calls > 0 ? errors / calls : 0,
    perMinute: total((one) => one.perMinute) ?? 0,
    p50Ns: most((one) => one.p50Ns),
    p95Ns: most((one) => one.p95Ns),
    p99Ns: most((one) => one.p99Ns),
    coldStarts: total((one) => one.coldStarts),
    ageNs: most((one) => one.ageNs),
    health: all.some(({ health }) => health === 'bad')
      ? 'bad'
      : all.some(({ health }) => health === 'warn')
        ? 'warn'
        : 'ok',
  };
}
