import { useMemo } from 'react';
import { useCallPaths } from '../../api/topology';
import { useRange } from '../../components/use-range';
import type { Graph } from './graph';
import type { Scene } from './groups';
import { alongOf, questionOf, shortest, type Way, waysOf } from './paths';

export type Ways = {
  ways: Way[];
  /** No trace goes all the way: what is shown is a way along the map's edges. */
  pieced: boolean;
  /** How many traces were looked at, and whether there are more. */
  traces: number;
  complete: boolean;
  asking: boolean;
  error: Error | null;
  lit: { nodes: Set<string>; edges: Set<string> };
};

/** The ways from one node to another; undefined until both are chosen. */
export function useWays(
  from: string | undefined,
  to: string | undefined,
  graph: Graph | undefined,
  scene: Scene | undefined,
): Ways | undefined {
  const { params } = useRange();
  const question = useMemo(
    () => (from !== undefined && to !== undefined ? questionOf(from, to) : undefined),
    [from, to],
  );
  const { data, isFetching, error } = useCallPaths(
    { ...params, ...(question ?? { service: '', direction: 'downstream' }) },
    question !== undefined,
  );
  return useMemo(() => {
    if (from === undefined || to === undefined || !graph || !scene) return undefined;
    const entries = new Set(
      graph.edges.filter(({ source }) => source === 'user').map(({ target }) => target),
    );
    const found = data && question ? waysOf(data, from, to, question, entries) : [];
    const asking = question !== undefined && isFetching && found.length === 0;
    const pieces = found.length === 0 && !asking ? shortest(graph.edges, from, to) : undefined;
    const ways = pieces ? [{ nodes: pieces, calls: 0, errors: 0, traces: 0 }] : found;
    return {
      ways,
      pieced: pieces !== undefined,
      traces: data?.traces ?? 0,
      complete: data?.complete === true && !data.truncated,
      asking,
      error,
      lit: alongOf(ways, scene),
    };
  }, [from, to, graph, scene, data, question, isFetching, error]);
}
