import type { Core, EdgeSingular, NodeSingular } from 'cytoscape';
import { LARGE } from './elements';

/** A text on the picture, in pixels of the screen; what says more has the lower rank. */
export type Label = {
  id: string;
  rank: number;
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  /** Too small to be read. */
  small?: boolean;
};

const BUCKET = 64;

/** The labels that are to be left out, so that no two overlap: of two that would, the one that says less. */
export function hidden(labels: readonly Label[]): Set<string> {
  const taken = new Map<number, Label[]>();
  const left = new Set<string>();
  const bucketsOf = ({ x1, y1, x2, y2 }: Label) => {
    const all: number[] = [];
    for (let x = Math.floor(x1 / BUCKET); x <= Math.floor(x2 / BUCKET); x++)
      for (let y = Math.floor(y1 / BUCKET); y <= Math.floor(y2 / BUCKET); y++) all.push(x * 65_536 + y);
    return all;
  };
  const meets = (a: Label, b: Label) => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
  for (const label of labels.toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))) {
    const buckets = bucketsOf(label);
    if (buckets.some((bucket) => taken.get(bucket)?.some((other) => meets(label, other)))) {
      left.add(label.id);
      continue;
    }
    for (const bucket of buckets) {
      const others = taken.get(bucket);
      if (others) others.push(label);
      else taken.set(bucket, [label]);
    }
  }
  return left;
}

/** Letters that tell what is unhealthy are never smaller on the screen, however far away the map is. */
const LEAST_PX = 10;

/** On a map that is not large all labels are kept legible, and those that then overlap others are left out. */
const LEAST_SMALL_PX = { node: 9, edge: 8.5 };

/** What labels smaller than this say cannot be read, so they are not drawn. */
const READABLE_PX = 7;

const widths = new Map<string, number>();
let pen: CanvasRenderingContext2D | null | undefined;

/** The width of a text's longest line at a size of one pixel. */
function widthOf(text: string, bold: boolean, font: string): number {
  const key = `${bold ? 'b' : ''}${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  pen ??= document.createElement('canvas').getContext('2d');
  if (pen) pen.font = `${bold ? 'bold ' : ''}20px ${font}`;
  const width = Math.max(
    ...text.split('\n').map((line) => (pen?.measureText(line).width ?? line.length * 11) / 20),
  );
  if (widths.size > 20_000) widths.clear();
  widths.set(key, width);
  return width;
}

/**
 * Makes labels legible at the present zoom: those of what is unhealthy or chosen are enlarged where they would be too small,
 * and of labels that overlap those that say less are left out.
 */
export function tidyLabels(cy: Core): void {
  const zoom = cy.zoom();
  const large = cy.edges().length > LARGE;
  const font = getComputedStyle(document.body).fontFamily;
  const labels: Label[] = [];
  const { x1, x2, y1, y2 } = cy.extent();
  cy.batch(() => {
    for (const node of cy.nodes().toArray()) {
      const { x, y } = node.position();
      if (x < x1 - 400 || x > x2 + 400 || y < y1 - 400 || y > y2 + 400) continue;
      if (!fixed(node)) enlarge(node, zoom, urgent(node) ? LEAST_PX : large ? 0 : LEAST_SMALL_PX.node);
      if (node.data('font') * zoom >= READABLE_PX) speak(node);
      const label = labelOfNode(node, zoom, font);
      if (label) labels.push(label);
    }
    for (const edge of cy.edges().toArray()) {
      if (!large) enlarge(edge, zoom, LEAST_SMALL_PX.edge);
      else if (edge.data('font') * zoom >= READABLE_PX) {
        const { x, y } = edge.midpoint();
        if (x < x1 || x > x2 || y < y1 || y > y2) continue;
        speak(edge);
      }
      const label = labelOfEdge(edge, zoom, font);
      if (label) labels.push(label);
    }
    const left = hidden(labels.filter(({ small }) => !small));
    // The drawing's own rule for small letters leaves in what is half as large.
    for (const { id, small } of labels) if (small) left.add(id);
    for (const { id } of labels) {
      const one = cy.getElementById(id);
      if (one.hasClass('quiet') !== left.has(id)) one.toggleClass('quiet', left.has(id));
    }
  });
}

/** Gives something the label that it was made without. */
function speak(one: NodeSingular | EdgeSingular): void {
  const text: string | undefined = one.data('text');
  if (text !== undefined && one.data('label') !== text) one.data('label', text);
}

const urgent = (one: NodeSingular) => one.hasClass('bad') || one.hasClass('warn') || one.hasClass('chosen');

function enlarge(one: NodeSingular | EdgeSingular, zoom: number, least: number): void {
  const usual: number = one.data('usual') ?? one.data('font');
  // As large as where the zoom changes by a tenth, so that a little zooming restyles nothing.
  const step = 1.1 ** Math.floor(Math.log(zoom) / Math.log(1.1));
  const wanted = Math.max(usual, Math.round((least / step) * 10) / 10);
  if (one.data('font') !== wanted) one.data({ font: wanted, usual });
}

const fixed = (node: NodeSingular) =>
  node.hasClass('group') || node.hasClass('closed') || node.hasClass('line');

function labelOfNode(node: NodeSingular, zoom: number, font: string): Label | undefined {
  const text: string = node.data('label');
  const size = node.data('font') * zoom;
  if (text === '' || node.hasClass('group') || node.hasClass('closed')) return undefined;
  const small = size < READABLE_PX && !urgent(node) && !node.hasClass('line');
  const bold = node.hasClass('bad');
  const width = widthOf(text, bold, font) * size + 4;
  const height = text.split('\n').length * size * 1.3 + 2;
  const { x, y } = node.renderedPosition();
  const rank = node.hasClass('chosen')
    ? 0
    : node.hasClass('bad')
      ? 1
      : node.hasClass('warn')
        ? 2
        : 4 - Math.min(1, node.degree(false) / 50);
  if (node.hasClass('line')) {
    const left = x + node.renderedWidth() / 2 + 6 * zoom;
    return { id: node.id(), rank, small, x1: left, x2: left + width, y1: y - height / 2, y2: y + height / 2 };
  }
  const top = y + node.renderedHeight() / 2 + 5 * zoom;
  return { id: node.id(), rank, small, x1: x - width / 2, x2: x + width / 2, y1: top, y2: top + height };
}

function labelOfEdge(edge: EdgeSingular, zoom: number, font: string): Label | undefined {
  const text: string = edge.data('label');
  if (text === '') return undefined;
  const size = edge.data('font') * zoom;
  const small = size < READABLE_PX;
  const bold = edge.hasClass('bad') || edge.hasClass('new') || edge.hasClass('worse');
  const width = widthOf(text, bold, font) * size + 6;
  const { x, y } = edge.renderedMidpoint();
  if (!Number.isFinite(x)) return undefined;
  const rank =
    edge.hasClass('chosen') || edge.hasClass('path') ? 2.5 : bold ? 3 : edge.hasClass('warn') ? 3.5 : 6;
  return {
    id: edge.id(),
    rank,
    small,
    x1: x - width / 2,
    x2: x + width / 2,
    y1: y - size * 0.7,
    y2: y + size * 0.7,
  };
}
