import { useEffect, useMemo, useState } from 'react';
import type { Scene } from './groups';
import { beside, type LayoutRequest, type Point } from './layout-place';

export type Places = Map<string, Point>;

/** Where everything stands, by what is drawn; what was dragged stays where it was put until the page is left. */
const known = new Map<string, Places>();

/**
 * The places of a scene's nodes; undefined while they are worked out. Something new in a scene that has its places gets one
 * beside what it is connected with, and nothing else moves.
 */
export function usePlaces(scene: Scene | undefined, key: string): Places | undefined {
  const [, setDone] = useState(0);
  const places = known.get(key);
  const empty = !scene || scene.nodes.length === 0;
  const request = useMemo(() => (scene && !places ? requestOf(scene) : undefined), [scene, places]);
  useEffect(() => {
    if (empty || !request) return;
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<{ places: Record<string, Point> }>) => {
      known.set(key, new Map(Object.entries(data.places)));
      setDone((n) => n + 1);
    };
    worker.postMessage({ request });
    return () => worker.terminate();
  }, [key, empty, request]);
  if (scene && places) placeNew(scene, places);
  return places;
}

/** Forgets all places of a scene, so that it is laid out again. */
export const forgetPlaces = (key: string) => known.delete(key);

function requestOf(scene: Scene): LayoutRequest {
  return {
    nodes: scene.nodes.map(({ id }) => ({ id, parent: scene.parent.get(id) })),
    edges: scene.edges.map(({ source, target }) => ({ source, target })),
  };
}

function placeNew(scene: Scene, places: Places): void {
  const fresh = scene.nodes.filter(({ id }) => !places.has(id));
  if (fresh.length === 0) return;
  const neighbours = new Map<string, string[]>();
  const add = (id: string, other: string) => {
    const before = neighbours.get(id);
    if (before) before.push(other);
    else neighbours.set(id, [other]);
  };
  for (const { source, target } of scene.edges) {
    add(source, target);
    add(target, source);
  }
  for (const { id } of fresh) places.set(id, beside(id, neighbours.get(id) ?? [], places));
}
