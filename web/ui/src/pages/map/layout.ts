import cytoscape, { type Core } from 'cytoscape';
import fcose from 'cytoscape-fcose';
import { CELL, type LayoutRequest, type Point, TILE } from './layout-place';

/** Up to so many nodes callers stand left of what they call; beyond that the rule costs more than it tells. */
const DIRECTED_MOST = 80;

/** Beyond so many nodes the slow half of the method, which keeps them apart, would take too long. */
const REFINED_MOST = 250;

/** With more edges than this for every node, callers cannot all stand left of what they call. */
const DIRECTED_DENSITY = 2.5;

let registered = false;

/** Places nodes, and groups where everything is tiled. The same graph always gets the same places. */
export function layOut(request: LayoutRequest): Record<string, Point> {
  const places = layOutFlat(request);
  if (!request.tiled) return request.nodes.length > REFINED_MOST ? spread(places) : places;
  return tile(places, new Map(request.nodes.map(({ id, span }) => [id, span ?? 1])));
}

/** Places nodes by the force-directed method fCoSE. */
function layOutFlat({ nodes, edges, tiled }: LayoutRequest): Record<string, Point> {
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
    const small = !tiled && byId.length <= DIRECTED_MOST && edges.length <= byId.length * DIRECTED_DENSITY;
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
    return places;
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

/**
 * Gives every group the square of cells that it needs, the largest first, in a picture of the shape of a wide window that has
 * hardly more cells than are needed: what counts is who stands beside whom.
 */
export function tile(
  places: Record<string, Point>,
  spans: ReadonlyMap<string, number>,
): Record<string, Point> {
  const all = Object.entries(places).map(([id, at]) => ({ id, at, span: spans.get(id) ?? 1 }));
  const cells = all.reduce((sum, { span }) => sum + span * span, 0) * 1.1;
  const widest = Math.max(...spans.values(), 1);
  const columns = Math.max(widest, Math.round(Math.sqrt((cells * 1.7 * TILE.y) / TILE.x)));
  const rows = Math.ceil(cells / columns);
  // Ranks instead of places: what the method draws close together shall not fight for the same cells.
  const rank = (axis: 'x' | 'y') =>
    new Map(all.toSorted((a, b) => a.at[axis] - b.at[axis]).map(({ id }, i) => [id, i / all.length]));
  const across = rank('x');
  const down = rank('y');
  const taken = new Set<number>();
  const result: Record<string, Point> = {};
  for (const { id, span } of all.toSorted((a, b) => b.span - a.span)) {
    const wanted = (at: number | undefined, most: number) =>
      Math.floor((at ?? 0) * Math.max(1, most - span + 1));
    const [column, row] = nearest(
      taken,
      wanted(across.get(id), columns),
      wanted(down.get(id), rows),
      columns,
      span,
    );
    const middle = (cell: number) => cell + (span - 1) / 2;
    result[id] = { x: middle(column) * TILE.x, y: middle(row) * TILE.y };
  }
  return result;
}

/** Takes the nearest free square of cells, looking in growing squares; within the columns when only they are allowed. */
function nearest(
  taken: Set<number>,
  column: number,
  row: number,
  columns: number,
  span?: number,
): [number, number] {
  const width = columns * 64;
  const key = (c: number, r: number) => (r + width) * 2 * width + c + width;
  const side = span ?? 1;
  const fits = (c: number, r: number) => {
    if (span !== undefined && (c < 0 || r < 0 || c + side > columns)) return false;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) if (taken.has(key(c + x, r + y))) return false;
    return true;
  };
  for (let ring = 0; ; ring++) {
    for (let r = row - ring; r <= row + ring; r++) {
      const edge = Math.abs(r - row) === ring;
      for (let c = column - ring; c <= column + ring; c += edge ? 1 : 2 * ring || 1) {
        if (!fits(c, r)) continue;
        for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) taken.add(key(c + x, r + y));
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
