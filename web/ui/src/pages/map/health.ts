import type { Figures, MapEdge } from './graph';

/** Why something has the health that it has: the key of a text. */
export type Reason = 'idle' | 'fine' | 'few' | 'warn' | 'fewAmong' | 'bad';

/** The server's rule in words: bad from 5 % errors and 3 of them, warn from 1 %. */
export function reasonOf({ calls, errors, errorRate, health }: Figures): Reason {
  if (calls === 0) return 'idle';
  if (errors === 0) return 'fine';
  if (health === 'bad') return 'bad';
  if (health === 'ok') return 'few';
  return errorRate >= 0.05 ? 'fewAmong' : 'warn';
}

/** The call out of an unhealthy node that fails most: what may be why the node itself does. */
export function culprit(
  id: string,
  health: Figures['health'],
  edges: readonly MapEdge[],
): MapEdge | undefined {
  if (health === 'ok') return undefined;
  return edges
    .filter((edge) => edge.source === id && edge.health !== 'ok')
    .toSorted((a, b) => b.errors - a.errors || b.errorRate - a.errorRate)[0];
}
