export type Point = { x: number; y: number };

export type LayoutRequest = {
  nodes: { id: string; parent?: string | undefined }[];
  edges: { source: string; target: string }[];
};

/** A place beside the first neighbour that has one, and beside nothing else. */
export function beside(id: string, neighbours: readonly string[], places: ReadonlyMap<string, Point>): Point {
  const anchor = neighbours.map((one) => places.get(one)).find((one) => one !== undefined);
  const all = [...places.values()];
  const at = anchor ?? {
    x: Math.max(0, ...all.map(({ x }) => x)) + 160,
    y: Math.min(0, ...all.map(({ y }) => y)),
  };
  const free = (point: Point) =>
    all.every(({ x, y }) => Math.abs(x - point.x) > 100 || Math.abs(y - point.y) > 64);
  // Rings around it, each with more places; where it starts depends on the name, so that two new ones go apart.
  const turn = id.length % 8;
  for (let ring = 1; ring <= 12; ring++) {
    for (let i = 0; i < 8 * ring; i++) {
      const angle = ((i + turn) / (8 * ring)) * 2 * Math.PI;
      const point = {
        x: Math.round(at.x + Math.cos(angle) * 150 * ring),
        y: Math.round(at.y + Math.sin(angle) * 100 * ring),
      };
      if (free(point)) return point;
    }
  }
  return { x: at.x + 150, y: at.y + 150 };
}
