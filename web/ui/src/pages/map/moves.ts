import type { Collection, Core } from 'cytoscape';

export const DIRECTIONS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const;

export type Direction = (typeof DIRECTIONS)[number];

export const isDirection = (key: string): key is Direction => (DIRECTIONS as readonly string[]).includes(key);

const UNIT: Record<Direction, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

type Place = { id: string; x: number; y: number };

/** The neighbour that lies best in a direction: little aside first, then near. Undefined when none lies there. */
export function towards(from: Place, neighbours: readonly Place[], direction: Direction): string | undefined {
  const unit = UNIT[direction];
  let best: { id: string; cost: number } | undefined;
  for (const { id, x, y } of neighbours) {
    const along = (x - from.x) * unit.x + (y - from.y) * unit.y;
    const aside = Math.abs((x - from.x) * unit.y) + Math.abs((y - from.y) * unit.x);
    if (along <= 0) continue;
    const cost = along + 2 * aside;
    if (!best || cost < best.cost) best = { id, cost };
  }
  return best?.id;
}

/** What is lit besides what is chosen: nodes and edges along a path, or those that an expression finds. */
export type Lit = { nodes: ReadonlySet<string>; edges: ReadonlySet<string> };

/** Marks what is chosen and what is lit, and lets what has nothing to do with it step back. */
export function lightUp(
  cy: Core,
  selected: string | undefined,
  current: string | undefined,
  path?: Lit,
  found?: ReadonlySet<string>,
): void {
  cy.batch(() => {
    cy.elements().removeClass('chosen faded current path lit');
    const cursor = current === undefined ? cy.collection() : cy.getElementById(current);
    if (current !== selected) cursor.addClass('current');
    const chosen = selected === undefined ? cy.collection() : cy.getElementById(selected);
    chosen.addClass('chosen');
    const fade = (lit: Collection) => {
      lit.addClass('lit');
      cy.elements().not(lit).not('.group').addClass('faded');
    };
    if (path) {
      const along = cy.elements().filter((one) => path.nodes.has(one.id()) || path.edges.has(one.id()));
      along.addClass('path');
      fade(along);
    } else if (chosen.nonempty())
      fade(
        chosen.group() === 'edges'
          ? chosen.union(chosen.connectedNodes())
          : chosen.union(cy.nodes().filter((node) => node.data('inside') === selected)).closedNeighborhood(),
      );
    else if (found) {
      const nodes = cy.nodes().filter((node) => found.has(node.id()));
      fade(nodes.union(nodes.edgesWith(nodes)));
    }
  });
}

/** Brings a node into view; without force only when it is out of sight. */
export function centreOn(cy: Core, id: string, force = true): void {
  const node = cy.getElementById(id);
  if (node.empty()) return;
  const { x1, x2, y1, y2 } = cy.extent();
  const { x, y } = node.group() === 'edges' ? node.midpoint() : node.position();
  if (!force && x > x1 && x < x2 && y > y1 && y < y2) return;
  if (force && cy.zoom() < 0.6) cy.zoom(1);
  cy.center(node);
}

export function zoomBy(cy: Core, factor: number): void {
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}
