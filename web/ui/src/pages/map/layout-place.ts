/** Where something stands, by its middle, and how large it is drawn where that differs. */
export type Point = { x: number; y: number };

/** span is how many cells of the grid a group takes in each direction; without one, what is placed is a node by itself. */
export type LayoutRequest = {
  nodes: { id: string; span?: number | undefined }[];
  edges: { source: string; target: string }[];
  /** Everything gets cells of a grid, so that groups have the room that they need once they are opened. */
  tiled: boolean;
};

/** The room that a node has, with its name. */
export const CELL = { x: 150, y: 95 };

/** The room that a group has, and what stands alone beside groups. */
export const TILE = { x: 360, y: 250 };

/** A place beside the first neighbour that has one, and beside nothing else. */
export function beside(
  id: string,
  neighbours: readonly string[],
  places: ReadonlyMap<string, Point>,
  room: Point = CELL,
): Point {
  const anchor = neighbours.map((one) => places.get(one)).find((one) => one !== undefined);
  const all = [...places.values()];
  const at = anchor ?? {
    x: Math.max(0, ...all.map(({ x }) => x)) + room.x,
    y: Math.min(0, ...all.map(({ y }) => y)),
  };
  const free = (point: Point) =>
    all.every(({ x, y }) => Math.abs(x - point.x) > room.x * 0.66 || Math.abs(y - point.y) > room.y * 0.66);
  // Rings around it, each with more places; where it starts depends on the name, so that two new ones go apart.
  const turn = id.length % 8;
  for (let ring = 1; ring <= 12; ring++) {
    for (let i = 0; i < 8 * ring; i++) {
      const angle = ((i + turn) / (8 * ring)) * 2 * Math.PI;
      const point = {
        x: Math.round(at.x + Math.cos(angle) * room.x * ring),
        y: Math.round(at.y + Math.sin(angle) * room.y * ring),
      };
      if (free(point)) return point;
    }
  }
  return { x: at.x + room.x, y: at.y + room.y };
}
