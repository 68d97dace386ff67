import cytoscape, { type Core, type ElementDefinition, type EventObject, type NodeSingular } from 'cytoscape';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useTheme } from '../../theme/use-theme';
import { drawingStyle } from './drawing-style';
import { type Drawn, elementsOf, LARGE } from './elements';
import { tidyLabels } from './labels';
import type { Places } from './slots';
import type { Placed } from './use-places';

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
  placed: Placed | undefined,
  view: string | undefined,
  handlers: Handlers,
): Core | undefined {
  const theme = useTheme();
  const [cy, setCy] = useState<Core>();
  const latest = useRef(handlers);
  latest.current = handlers;
  const placedNow = useRef(placed);
  placedNow.current = placed;
  const first = useRef(view);
  const large = drawn.scene.edges.length > LARGE;

  useEffect(() => {
    if (!box.current) return;
    const made = cytoscape({
      container: box.current,
      pixelRatio: 1,
      minZoom: 0.03,
      maxZoom: 8,
      hideEdgesOnViewport: large,
      boxSelectionEnabled: false,
      autounselectify: true,
      style: drawingStyle('light', large),
    });
    wire(made, latest, placedNow);
    setCy(made);
    return () => {
      made.destroy();
      setCy(undefined);
    };
  }, [box, large]);

  useEffect(() => {
    cy?.style(drawingStyle(theme, large));
  }, [cy, theme, large]);

  const fitted = useRef<Placed['key']>(undefined);
  useEffect(() => {
    if (!cy || !placed) return;
    return sync(cy, elementsOf(drawn, placed.places), placed.places, () => {
      if (fitted.current !== placed.key && cy.nodes().nonempty()) {
        fitted.current = placed.key;
        if (first.current === undefined || !applyView(cy, first.current)) fitAll(cy);
        first.current = undefined;
      }
      tidyLabels(cy);
    });
  }, [cy, drawn, placed]);
  return cy;
}

const MARGIN = 28;

/** Everything in sight, above the legend, but not larger than is pleasant. */
export function fitAll(cy: Core): void {
  const legend = cy.container()?.parentElement?.parentElement?.querySelector<HTMLElement>('[data-legend]');
  const height = cy.height() - (legend ? legend.offsetHeight + 12 : 0);
  const { x1, y1, w, h } = cy.elements().boundingBox();
  if (w === 0 || h === 0) return;
  const zoom = Math.min(1.2, (cy.width() - 2 * MARGIN) / w, (height - 2 * MARGIN) / h);
  cy.scratch('fitting', true);
  cy.viewport({
    zoom,
    pan: { x: cy.width() / 2 - (x1 + w / 2) * zoom, y: height / 2 - (y1 + h / 2) * zoom },
  });
  cy.scratch('fitting', false);
}

function wire(cy: Core, latest: RefObject<Handlers>, placed: RefObject<Placed | undefined>): void {
  cy.on('tap', (event: EventObject) => {
    if (event.target === cy) latest.current.onSelect(undefined);
    else latest.current.onSelect(event.target.id());
  });
  cy.on('dbltap', 'node', (event: EventObject) => latest.current.onOpen(event.target.id()));
  // What was dragged stays where it was put.
  cy.on('dragfree', 'node', (event: EventObject) => {
    placed.current?.put(event.target.id(), { ...event.target.position() });
    tidyLabels(cy);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  cy.on('destroy', () => clearTimeout(timer));
  cy.on('viewport', () => {
    clearTimeout(timer);
    timer = setTimeout(() => tidyLabels(cy), 120);
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

/** So many elements are added a frame: styling and measuring them takes most of the time that drawing does. */
const SLICE = 250;

const KEPT = ['chosen', 'current', 'faded', 'quiet', 'path', 'lit'];

/**
 * Makes the picture hold just what is drawn: removes, changes and adds, and leaves alone what is the same. Thousands of
 * elements are added in slices, so that the page goes on meanwhile. Returns what stops it.
 */
function sync(cy: Core, wanted: ElementDefinition[], places: Places, done: () => void): () => void {
  const ids = new Set(wanted.map(({ data }) => data.id as string));
  const fresh: ElementDefinition[] = [];
  cy.batch(() => {
    cy.elements()
      .filter((one) => !ids.has(one.id()))
      .remove();
    for (const one of wanted) {
      const id = one.data.id as string;
      const old = cy.getElementById(id);
      const at = one.group === 'nodes' ? places.get(id) : undefined;
      if (old.empty()) {
        fresh.push({ ...one, ...(at && { position: { x: at.x, y: at.y } }) });
        continue;
      }
      if (differs(old.data(), one.data)) old.data({ ...one.data, usual: one.data.font });
      const kept = KEPT.filter((name) => old.hasClass(name)).join(' ');
      const classes = `${one.classes ?? ''} ${kept}`.trim();
      if (old.classes().join(' ') !== classes) old.classes(classes);
      const now = at && (old as NodeSingular).position();
      if (at && now && (now.x !== at.x || now.y !== at.y) && !old.grabbed())
        (old as NodeSingular).position({ x: at.x, y: at.y });
    }
  });
  let next = 0;
  let frame = 0;
  const addSlice = () => {
    cy.batch(() => cy.add(fresh.slice(next, next + SLICE)));
    next += SLICE;
    if (next < fresh.length) frame = requestAnimationFrame(addSlice);
    else done();
  };
  addSlice();
  return () => cancelAnimationFrame(frame);
}

function differs(old: Record<string, unknown>, data: Record<string, unknown>): boolean {
  return Object.entries(data).some(([key, value]) => {
    // Both may have been changed so that they can be read.
    if (key === 'label' && 'text' in data) return false;
    return old[key === 'font' && 'usual' in old ? 'usual' : key] !== value;
  });
}
