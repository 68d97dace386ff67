import cytoscape, { type Core, type EventObject } from 'cytoscape';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useTheme } from '../../theme/use-theme';
import { drawingStyle } from './drawing-style';
import { type Drawn, elementsOf } from './elements';
import { isGroup } from './groups';
import type { Places } from './use-places';

/** From so many edges on they are straight, and not drawn while the map moves. */
const LARGE = 400;

type Handlers = {
  onSelect: (id: string | undefined) => void;
  onOpen: (id: string) => void;
  /** The view that was moved to, as an address has it. */
  onView: (view: string | undefined) => void;
};

/**
 * Draws a scene into a box. The picture is only ever changed where the scene differs: nothing moves but what is dragged, and
 * the view is fitted once for what is drawn, unless the address has one.
 */
export function useDrawing(
  box: RefObject<HTMLDivElement | null>,
  drawn: Drawn,
  places: Places | undefined,
  view: string | undefined,
  handlers: Handlers,
): Core | undefined {
  const theme = useTheme();
  const [cy, setCy] = useState<Core>();
  const latest = useRef(handlers);
  latest.current = handlers;
  const placesNow = useRef(places);
  placesNow.current = places;
  const first = useRef(view);
  const large = drawn.scene.edges.length > LARGE;

  useEffect(() => {
    if (!box.current) return;
    const made = cytoscape({
      container: box.current,
      pixelRatio: 1,
      minZoom: 0.05,
      maxZoom: 4,
      hideEdgesOnViewport: large,
      boxSelectionEnabled: false,
      autounselectify: true,
      style: drawingStyle('light', large),
    });
    wire(made, latest, placesNow);
    setCy(made);
    return () => {
      made.destroy();
      setCy(undefined);
    };
  }, [box, large]);

  useEffect(() => {
    cy?.style(drawingStyle(theme, large));
  }, [cy, theme, large]);

  const fitted = useRef<Places>(undefined);
  useEffect(() => {
    if (!cy || !places) return;
    sync(cy, drawn, places);
    if (fitted.current === places || cy.elements().length === 0) return;
    fitted.current = places;
    if (first.current === undefined || !applyView(cy, first.current)) fitAll(cy);
    first.current = undefined;
  }, [cy, drawn, places]);
  return cy;
}

/** Everything in sight, but not larger than is pleasant. */
export function fitAll(cy: Core): void {
  cy.scratch('fitting', true);
  cy.fit(undefined, 56);
  if (cy.zoom() > 1.2) {
    cy.zoom(1.2);
    cy.center();
  }
  cy.scratch('fitting', false);
}

function wire(cy: Core, latest: RefObject<Handlers>, places: RefObject<Places | undefined>): void {
  cy.on('tap', (event: EventObject) => {
    if (event.target === cy) latest.current.onSelect(undefined);
    else if (isGroup(event.target.id()) && event.target.isParent()) latest.current.onSelect(undefined);
    else latest.current.onSelect(event.target.id());
  });
  cy.on('dbltap', 'node', (event: EventObject) => latest.current.onOpen(event.target.id()));
  // What was dragged stays where it was put; a group takes along what stands in it.
  cy.on('dragfree', 'node', (event: EventObject) => {
    for (const node of event.target.union(event.target.descendants()).toArray())
      if (!node.isParent()) places.current?.set(node.id(), { ...node.position() });
  });
  cy.on('viewport', () => {
    if (cy.scratch('fitting')) return;
    const { x1, y1, w, h } = cy.extent();
    const middle = [x1 + w / 2, y1 + h / 2].map((one) => Math.round(one));
    latest.current.onView([...middle, Number(cy.zoom().toFixed(2))].join(','));
  });
}

function applyView(cy: Core, view: string): boolean {
  const [x, y, zoom] = view.split(',').map(Number);
  if (x === undefined || y === undefined || !zoom) return false;
  cy.viewport({
    zoom,
    pan: { x: cy.width() / 2 - x * zoom, y: cy.height() / 2 - y * zoom },
  });
  return true;
}

/** Makes the picture hold just what is drawn: removes, changes and adds, and leaves alone what is the same. */
function sync(cy: Core, drawn: Drawn, places: Places): void {
  cy.batch(() => {
    const wanted = new Map(elementsOf(drawn).map((one) => [one.data.id as string, one]));
    cy.elements()
      .filter((one) => !wanted.has(one.id()))
      .remove();
    for (const [id, one] of wanted) {
      const old = cy.getElementById(id);
      const isNode = one.group === 'nodes';
      // An edge's id may be that of a node's only by a name that holds one; both kinds are never mixed up.
      if (old.empty()) {
        const at = isNode ? places.get(id) : undefined;
        cy.add({ ...one, ...(at && { position: { ...at } }) });
        continue;
      }
      if (isNode && (old.data('parent') ?? undefined) !== one.data.parent)
        old.move({ parent: one.data.parent ?? null });
      old.data(one.data);
      const kept = ['chosen', 'current', 'faded'].filter((name) => old.hasClass(name)).join(' ');
      const classes = `${one.classes ?? ''} ${kept}`.trim();
      if (old.classes().join(' ') !== classes) old.classes(classes);
      const at = places.get(id);
      const now = isNode && at ? old.position() : undefined;
      if (at && now && (now.x !== at.x || now.y !== at.y) && !old.grabbed()) old.position({ ...at });
    }
  });
}
