import cytoscape, { type Core } from 'cytoscape';
import fcose from 'cytoscape-fcose';
import type { LayoutRequest, Point } from './layout-place';

/** Up to so many nodes callers stand left of what they call; beyond that the rule costs more than it tells. */
const DIRECTED_MOST = 80;

/** Beyond so many nodes the slow half of the method, which keeps them apart, would take too long. */
const REFINED_MOST = 250;

/** The room that a node has in a grid, with its name. */
const CELL = { x: 150, y: 95 };

let registered = false;

/** Places nodes; what stands in a frame stands close together, and frames lie on nothing else. */
export function layOut({ nodes, edges }: LayoutRequest): Record<string, Point> {
  const members = new Map<string, string[]>();
  const stands = new Map<string, string>();
  for (const { id, parent = id } of [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    members.set(parent, [...(members.get(parent) ?? []), id]);
    stands.set(id, parent);
  }
  const places = layOutFlat({
    nodes: [...members.keys()].map((id) => ({ id })),
    edges: edges.map(({ source, target }) => ({
      source: stands.get(source) ?? source,
      target: stands.get(target) ?? target,
    })),
  });
  const across = (count: number) => Math.ceil(Math.sqrt(count));
  const widest = [...members.values()].reduce((most, all) => Math.max(most, across(all.length)), 1);
  const result: Record<string, Point> = {};
  for (const [parent, all] of members) {
    const middle = places[parent] ?? { x: 0, y: 0 };
    const columns = across(all.length);
    all.forEach((id, i) => {
      result[id] = {
        x: middle.x * widest + ((i % columns) - (columns - 1) / 2) * CELL.x,
        y: middle.y * widest + (Math.floor(i / columns) - (columns - 1) / 2) * CELL.y,
      };
    });
  }
  return result;
}

/** Places nodes by the force-directed method fCoSE. The same graph always gets the same places. */
function layOutFlat({ nodes, edges }: LayoutRequest): Record<string, Point> {
  if (!registered) cytoscape.use(fcose);
  registered = true;
  const byId = [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
  const random = Math.random;
  Math.random = seeded(byId.length * 7919 + edges.length);
  let cy: Core | undefined;
  try {
    cy = cytoscape({
      headless: true,
      styleEnabled: true,
      style: [{ selector: 'node', style: { width: 120, height: 64 } }],
      elements: [
        ...byId.map(({ id }) => ({ data: { id } })),
        ...[...edges]
          .sort((a, b) => (a.source + a.target < b.source + b.target ? -1 : 1))
          .filter(({ source, target }) => source !== target)
          .map(({ source, target }, i) => ({ data: { id: `edge ${i}`, source, target } })),
      ],
    });
    const small = byId.length <= DIRECTED_MOST;
    const huge = byId.length > REFINED_MOST;
    const options = {
      name: 'fcose',
      quality: huge ? 'draft' : 'default',
      animate: false,
      randomize: true,
      fit: false,
      idealEdgeLength: () => 90,
      nodeRepulsion: () => 9000,
      nodeSeparation: 130,
      numIter: small ? 2500 : 1000,
      packComponents: false,
      ...(small && { relativePlacementConstraint: leftToRight(edges) }),
    };
    cy.layout(options as never).run();
    const places: Record<string, Point> = {};
    for (const { id } of byId) {
      const { x, y } = cy.getElementById(id).position();
      places[id] = { x: Math.round(x), y: Math.round(y) };
    }
    return huge ? spread(places) : places;
  } finally {
    Math.random = random;
    cy?.destroy();
  }
}

/** Gives every node a cell of its own, as near as there is one to where it would be in a picture with room for all. */
export function spread(places: Record<string, Point>): Record<string, Point> {
  const all = Object.entries(places);
  const xs = all.map(([, { x }]) => x);
  const ys = all.map(([, { y }]) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  // Twice as many cells as nodes, in the shape of a wide window.
  const columns = Math.ceil(Math.sqrt(all.length * 2 * 1.2));
  const rows = Math.ceil((all.length * 2) / columns);
  const scale = (value: number, from: number, to: number, cells: number) =>
    Math.round(((value - from) / Math.max(to - from, 1)) * (cells - 1));
  const right = Math.max(...xs);
  const bottom = Math.max(...ys);
  const taken = new Set<number>();
  const result: Record<string, Point> = {};
  for (const [id, { x, y }] of all) {
    const [column, row] = nearest(
      taken,
      scale(x, left, right, columns),
      scale(y, top, bottom, rows),
      columns,
    );
    result[id] = { x: column * CELL.x, y: row * CELL.y };
  }
  return result;
}

/** Takes the nearest free cell, looking in growing squares. */
function nearest(taken: Set<number>, column: number, row: number, columns: number): [number, number] {
  const width = columns * 64;
  const key = (c: number, r: number) => (r + width) * 2 * width + c + width;
  for (let ring = 0; ; ring++) {
    for (let r = row - ring; r <= row + ring; r++) {
      const edge = Math.abs(r - row) === ring;
      for (let c = column - ring; c <= column + ring; c += edge ? 1 : 2 * ring || 1) {
        if (taken.has(key(c, r))) continue;
        taken.add(key(c, r));
        return [c, r];
      }
    }
  }
}

/** Callers to the left of what they call, but for calls that close a circle. */
function leftToRight(edges: LayoutRequest['edges']) {
  const next = new Map<string, string[]>();
  const kept: { left: string; right: string; gap: number }[] = [];
  for (const { source, target } of edges) {
    if (source === target || reaches(next, target, source)) continue;
    const targets = next.get(source) ?? [];
    if (targets.includes(target)) continue;
    next.set(source, [...targets, target]);
    kept.push({ left: source, right: target, gap: 150 });
  }
  return kept;
}

function reaches(next: ReadonlyMap<string, string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    for (const one of next.get(at) ?? []) {
      if (seen.has(one)) continue;
      seen.add(one);
      open.push(one);
    }
  }
  return false;
}

/** Mulberry32: numbers in [0, 1) that are always the same ones for a seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
