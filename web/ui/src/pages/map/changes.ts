import type { NodeKind, TopologyDiff } from '../../api/topology';
import { edgeId, type Graph, type MapEdge, type MapNode } from './graph';

export type ChangeWord = 'new' | 'gone' | 'worse' | 'better' | 'busier' | 'quieter';

type DiffEdge = TopologyDiff['edges'][number];

export type Change = Pick<DiffEdge, 'type' | 'source' | 'target' | 'base' | 'current' | 'significant'> & {
  id: string;
  word: ChangeWord;
};

/** One word for how an edge differs. More errors and longer waits weigh more than how much there is to do. */
function wordOf({ status, significant, base, current }: DiffEdge): ChangeWord {
  if (status !== 'changed') return status;
  const errors = significant.includes('errorRate') ? Math.sign(current.errorRate - base.errorRate) : 0;
  const slower = significant.includes('p95') ? Math.sign(current.p95Ns - base.p95Ns) : 0;
  if (errors > 0 || (slower > 0 && errors === 0)) return 'worse';
  if (errors < 0 || slower < 0) return 'better';
  return current.callsPerMinute >= base.callsPerMinute ? 'busier' : 'quieter';
}

/** What may be a cause comes first. */
export const WEIGHT: Record<ChangeWord, number> = {
  worse: 0,
  new: 1,
  gone: 2,
  busier: 3,
  quieter: 4,
  better: 5,
};

/** The differences, what may be a cause first. */
export const changesOf = (diff: TopologyDiff): Change[] =>
  diff.edges
    .map((edge) => ({ ...edge, id: edgeId(edge), word: wordOf(edge) }))
    .sort((a, b) => WEIGHT[a.word] - WEIGHT[b.word] || b.current.calls - a.current.calls);

const NOTHING = {
  calls: 0,
  errors: 0,
  errorRate: 0,
  perMinute: 0,
  p50Ns: null,
  p95Ns: null,
  p99Ns: null,
  coldStarts: null,
  ageNs: null,
  health: 'ok',
} as const;

/** Adds edges that are gone, and their ends, so that what is missing can be seen. */
export function withGone(graph: Graph, changes: readonly Change[]): Graph {
  const edges = new Set(graph.edges.map(({ id }) => id));
  const gone = changes.filter(({ word, id, type }) => word === 'gone' && type !== 'async' && !edges.has(id));
  if (gone.length === 0) return graph;
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  for (const { source, target } of gone)
    for (const id of [source, target]) if (!nodes.has(id)) nodes.set(id, ghost(id));
  return {
    ...graph,
    nodes: [...nodes.values()],
    edges: [
      ...graph.edges,
      ...gone.map(
        ({ id, type, source, target }): MapEdge => ({
          ...NOTHING,
          id,
          type,
          source,
          target,
          retries: 0,
          deadLetters: 0,
        }),
      ),
    ],
  };
}

function ghost(id: string): MapNode {
  const colon = id.indexOf(':');
  const kind = (colon < 0 ? id : id.slice(0, colon)) as NodeKind;
  return { ...NOTHING, id, kind, name: id.slice(colon + 1) };
}
