import { useMemo, useRef, useState } from 'react';
import type { Graph, Health } from './graph';

export type News = { id: string; name: string; word: 'new' | 'failing' };

const RANK: Record<Health, number> = { ok: 0, warn: 1, bad: 2 };

/** What came to a map or began to fail on it, compared with how it was when it was first seen. */
export function newsOf(before: ReadonlyMap<string, Health>, graph: Graph): News[] {
  return graph.nodes.flatMap(({ id, name, health, kind }): News[] => {
    if (kind === 'user') return [];
    const was = before.get(id);
    if (was === undefined) return [{ id, name, word: 'new' }];
    return health === 'bad' && RANK[was] < RANK.bad ? [{ id, name, word: 'failing' }] : [];
  });
}

/**
 * What has changed while one looks: nothing on the map moves for it, so it is said. key tells apart maps of different questions;
 * each is compared with its own first answer, or with how it was when the news were read.
 */
export function useNews(graph: Graph | undefined, key: string, settled: boolean) {
  const first = useRef<{ key: string; health: Map<string, Health> }>(undefined);
  const [read, setRead] = useState(0);
  const healths = (of: Graph) => new Map(of.nodes.map(({ id, health }) => [id, health]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: read starts the comparison anew
  const news = useMemo(() => {
    if (!graph || !settled) return [];
    if (first.current?.key !== key) first.current = { key, health: healths(graph) };
    return newsOf(first.current.health, graph);
  }, [graph, key, settled, read]);
  const dismiss = () => {
    if (graph)
      first.current = { key, health: new Map([...(first.current?.health ?? []), ...healths(graph)]) };
    setRead(read + 1);
  };
  return { news, dismiss };
}
