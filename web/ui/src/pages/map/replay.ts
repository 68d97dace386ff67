import type { TopologyMatrix } from '../../api/topology';
import { edgeId, type Figures, type Graph, healthOf } from './graph';

/** The range in time steps, ready to look up one step of every edge and node. */
export type Replay = {
  fromMs: number;
  stepMs: number;
  /** Sums over what comes from the user and from outside, by step: the bars of the timeline. */
  calls: number[];
  errors: number[];
  series: Map<string, { calls: readonly number[]; errors: readonly number[] }>;
  truncated: boolean;
};

export function toReplay(matrix: TopologyMatrix): Replay {
  const series: Replay['series'] = new Map();
  const calls = new Array<number>(matrix.steps).fill(0);
  const errors = new Array<number>(matrix.steps).fill(0);
  for (const node of matrix.nodes) series.set(node.id, node);
  for (const edge of matrix.edges) {
    series.set(edgeId(edge), edge);
    // Every call once: a message is counted where it is received.
    if (edge.type === 'async' || edge.type === 'link' || edge.type === 'publish') continue;
    for (let i = 0; i < matrix.steps; i++) {
      calls[i] = (calls[i] ?? 0) + (edge.calls[i] ?? 0);
      errors[i] = (errors[i] ?? 0) + (edge.errors[i] ?? 0);
    }
  }
  return {
    fromMs: Number(BigInt(matrix.fromNs) / 1_000_000n),
    stepMs: matrix.stepNs / 1e6,
    calls,
    errors,
    series,
    truncated: matrix.truncated,
  };
}

/** The step that holds a moment; undefined when it lies outside of the range. */
export function stepAt(replay: Replay, atMs: number | undefined): number | undefined {
  if (atMs === undefined) return undefined;
  const step = Math.floor((atMs - replay.fromMs) / replay.stepMs);
  return step >= 0 && step < replay.calls.length ? step : undefined;
}

/** The graph with the figures of one step. What is not counted by step is not known. */
export function atStep(graph: Graph, replay: Replay, step: number): Graph {
  const minutes = replay.stepMs / 60_000;
  const figures = (id: string): Figures => {
    const one = replay.series.get(id);
    const calls = one?.calls[step] ?? 0;
    const errors = one?.errors[step] ?? 0;
    return {
      calls,
      errors,
      errorRate: calls > 0 ? errors / calls : 0,
      perMinute: calls / minutes,
      p50Ns: null,
      p95Ns: null,
      p99Ns: null,
      coldStarts: null,
      ageNs: null,
      health: healthOf(calls, errors),
    };
  };
  return {
    minutes,
    nodes: graph.nodes.map((node) => ({ ...node, ...figures(node.id) })),
    edges: graph.edges.map((edge) => ({ ...edge, ...figures(edge.id), retries: 0, deadLetters: 0 })),
  };
}

/** The figures of some nodes or edges added up, step by step; undefined where none of them is counted. */
export function seriesOf(
  replay: Replay,
  ids: readonly string[],
): { calls: number[]; errors: number[] } | undefined {
  const all = ids.flatMap((id) => replay.series.get(id) ?? []);
  if (all.length === 0) return undefined;
  const sum = (pick: (one: (typeof all)[number]) => readonly number[]) =>
    replay.calls.map((_, i) => all.reduce((n, one) => n + (pick(one)[i] ?? 0), 0));
  return { calls: sum((one) => one.calls), errors: sum((one) => one.errors) };
}
