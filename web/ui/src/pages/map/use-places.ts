import { useEffect, useMemo, useState } from 'react';
import { isGroup, type Scene } from './groups';
import { beside, type LayoutRequest, type Point, TILE } from './layout-place';
import { arrange, type Places, type Slots, spanOf } from './slots';

/** The places of a map: those of groups and of what stands alone, of slots in frames, and of what was dragged out of its slot. */
type Known = { tiles: Map<string, Point>; slots: Slots; dragged: Map<string, Point> };

/** Where everything stands, by what is drawn; what was dragged stays where it was put until the page is left. */
const known = new Map<string, Known>();

export type Placed = {
  places: Places;
  /** Keeps where something was put. */
  put: (id: string, at: Point) => void;
  /** The same as long as nothing is laid out anew. */
  key: Known;
};

/**
 * The places of a scene's nodes; undefined while they are worked out. Something new in a scene that has its places gets one
 * beside what it is connected with, and nothing else moves, nor does it when a group is opened or closed.
 */
export function usePlaces(scene: Scene | undefined, key: string): Placed | undefined {
  const [done, setDone] = useState(0);
  const found = known.get(key);
  const empty = !scene || scene.nodes.length === 0;
  const request = useMemo(() => (scene && !found ? requestOf(scene) : undefined), [scene, found]);
  useEffect(() => {
    if (empty || !request) return;
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<{ places: Record<string, Point> }>) => {
      known.set(key, { tiles: new Map(Object.entries(data.places)), slots: new Map(), dragged: new Map() });
      setDone((n) => n + 1);
    };
    worker.postMessage({ request });
    return () => worker.terminate();
  }, [key, empty, request]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: done counts what is put into found
  return useMemo(() => {
    if (!scene || !found) return undefined;
    const { tiles, slots, dragged } = found;
    placeNew(scene, tiles);
    const places = arrange(scene, tiles, slots);
    for (const [id, at] of dragged) {
      const place = places.get(id);
      if (place) places.set(id, { ...place, ...at });
    }
    const put = (id: string, at: Point) => {
      if (tiles.has(id)) tiles.set(id, at);
      else dragged.set(id, at);
      const place = places.get(id);
      if (place) places.set(id, { ...place, ...at });
    };
    return { places, put, key: found };
  }, [scene, found, done]);
}

/** Forgets all places of a scene, so that it is laid out again. */
export const forgetPlaces = (key: string) => known.delete(key);

/** What stands by itself in a scene, and its groups, with what each is connected with. */
function requestOf(scene: Scene): LayoutRequest {
  const stands = (id: string) => scene.parent.get(id) ?? id;
  const ids = new Set(scene.nodes.map(({ id }) => stands(id)));
  const edges = new Map<string, { source: string; target: string }>();
  for (const { source, target } of scene.edges) {
    const edge = { source: stands(source), target: stands(target) };
    if (edge.source !== edge.target) edges.set(`${edge.source}|${edge.target}`, edge);
  }
  return {
    nodes: [...ids].map((id) => {
      const group = scene.groups.get(id);
      return { id, span: group && spanOf(group.members.length) };
    }),
    edges: [...edges.values()],
    tiled: scene.grouping !== 'none',
  };
}

function placeNew(scene: Scene, tiles: Map<string, Point>): void {
  const stands = (id: string) => scene.parent.get(id) ?? id;
  const fresh = new Set(scene.nodes.map(({ id }) => stands(id)).filter((id) => !tiles.has(id)));
  if (fresh.size === 0) return;
  const neighbours = new Map<string, string[]>();
  const add = (id: string, other: string) => {
    if (!fresh.has(id) || id === other) return;
    const before = neighbours.get(id);
    if (before) before.push(other);
    else neighbours.set(id, [other]);
  };
  for (const { source, target } of scene.edges) {
    add(stands(source), stands(target));
    add(stands(target), stands(source));
  }
  const room = scene.grouping === 'none' ? undefined : TILE;
  for (const id of fresh) {
    // A node that gets company becomes a group where it stood.
    const stood = isGroup(id) ? scene.groups.get(id)?.members.find((one) => tiles.has(one.id)) : undefined;
    const at = stood && tiles.get(stood.id);
    if (stood) tiles.delete(stood.id);
    tiles.set(id, at ?? beside(id, neighbours.get(id) ?? [], tiles, room));
  }
}
