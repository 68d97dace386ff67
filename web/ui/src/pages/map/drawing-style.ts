import type { StylesheetJson } from 'cytoscape';
import type { Theme } from '../../lib/colour';

/** Shapes of the kinds; the legend draws the same ones. */
export const SHAPES = {
  user: 'round-triangle',
  service: 'ellipse',
  function: 'round-hexagon',
  database: 'polygon',
  cache: 'round-diamond',
  queue: 'round-tag',
  external: 'cut-rectangle',
} as const;

/** The outline of a cylinder seen a little from above, within -1 to 1. */
const CYLINDER = [
  ...[-1, -0.7, -0.3, 0.3, 0.7, 1].flatMap((x) => [x, -0.68 - 0.32 * Math.sqrt(1 - x * x)]),
  ...[1, 0.7, 0.3, -0.3, -0.7, -1].flatMap((x) => [x, 0.68 + 0.32 * Math.sqrt(1 - x * x)]),
].join(' ');

const DASHED = { 'line-style': 'dashed', 'line-dash-pattern': [9, 5] };

/** The map's style from the custom properties of the page. large maps get lines that are cheaper to draw. */
export function drawingStyle(theme: Theme, large: boolean): StylesheetJson {
  // The attribute may be one effect behind the state that this is for.
  document.documentElement.setAttribute('data-mantine-color-scheme', theme);
  const css = getComputedStyle(document.documentElement);
  const read = (name: string) => css.getPropertyValue(name).trim();
  const text = read('--mantine-color-text');
  const dimmed = read('--mantine-color-dimmed');
  const surface = read('--weft-surface');
  const canvas = read('--weft-canvas');
  const error = read('--weft-error');
  const warning = read('--weft-warning');
  const accent = read('--weft-accent');
  const neutral = theme === 'dark' ? '#5b6673' : '#9aa5b1';
  const font = read('--mantine-font-family');
  const style = [
    {
      selector: 'node',
      style: {
        width: 'data(w)',
        height: 'data(h)',
        'background-color': surface,
        'border-color': neutral,
        'border-width': 'data(line)',
        label: 'data(label)',
        color: text,
        'font-family': font,
        'font-size': 'data(font)',
        'line-height': 1.3,
        'text-wrap': 'wrap',
        'text-valign': 'bottom',
        'text-margin-y': 5,
        'text-background-color': canvas,
        'text-background-opacity': 0.8,
        'text-background-padding': '1px',
        'min-zoomed-font-size': 7,
        'pie-size': '100%',
        'pie-hole': '62%',
        'pie-1-background-color': error,
        'pie-1-background-size': 'data(share)',
        'overlay-opacity': 0,
        'z-index-compare': 'manual',
        'z-index': 10,
      },
    },
    ...Object.entries(SHAPES).map(([kind, shape]) => ({ selector: `node.${kind}`, style: { shape } })),
    { selector: 'node.database', style: { 'shape-polygon-points': CYLINDER } },
    {
      selector: 'node.closed',
      style: {
        shape: 'round-rectangle',
        'border-style': 'double',
        'border-width': 6,
        'text-valign': 'center',
        'text-margin-y': 0,
        'text-background-opacity': 0,
        'min-zoomed-font-size': 5,
      },
    },
    // Small among many: an outline alone would not be seen from afar.
    { selector: 'node.within', style: { 'background-color': neutral } },
    {
      selector: 'node.line',
      style: { 'text-halign': 'right', 'text-valign': 'center', 'text-margin-x': 6, 'text-margin-y': 0 },
    },
    {
      selector: 'node.warn',
      style: { 'border-color': warning, 'z-index': 15, 'min-zoomed-font-size': 0 },
    },
    {
      selector: 'node.bad',
      style: {
        'border-color': error,
        'font-weight': 'bold',
        'z-index': 16,
        'min-zoomed-font-size': 0,
        'underlay-color': error,
        'underlay-opacity': 0.18,
        'underlay-padding': 7,
      },
    },
    // A line's mark would lie over the next one.
    { selector: 'node.line', style: { 'underlay-opacity': 0 } },
    { selector: 'node.idle', style: { 'border-style': 'dashed', color: dimmed } },
    {
      selector: 'node.group',
      style: {
        shape: 'round-rectangle',
        'background-color': surface,
        'background-opacity': 0.75,
        'border-style': 'solid',
        'border-opacity': 0.7,
        'border-width': 'data(line)',
        'underlay-opacity': 0,
        'text-valign': 'top',
        'text-margin-y': 'data(sink)',
        'text-background-opacity': 0,
        'font-weight': 'bold',
        'pie-size': '0%',
        'min-zoomed-font-size': 5,
        'z-index': 0,
      },
    },
    {
      selector: 'edge',
      style: {
        width: 'data(width)',
        'line-color': neutral,
        // Of many lines those that say something must stand out.
        'line-opacity': large ? 0.3 : 0.85,
        'z-index-compare': 'manual',
        'z-index': 1,
        label: 'data(label)',
        color: text,
        'font-family': font,
        'font-size': 'data(font)',
        'text-background-color': canvas,
        'text-background-opacity': 0.9,
        'text-background-padding': '2px',
        'min-zoomed-font-size': 8,
        'overlay-opacity': 0,
        'arrow-scale': 0.9,
        ...(large
          ? {
              'curve-style': 'haystack',
              'haystack-radius': 0,
              'mid-target-arrow-color': neutral,
            }
          : { 'curve-style': 'bezier', 'target-arrow-shape': 'triangle', 'target-arrow-color': neutral }),
      },
    },
    {
      selector: 'edge.async',
      style: { 'line-style': 'dashed', 'line-dash-pattern': [2, 5], 'line-cap': 'round' },
    },
    { selector: 'edge.warn', style: { ...paint(warning), 'line-opacity': 0.85, 'z-index': 2 } },
    {
      selector: 'edge.bad',
      style: { ...paint(error), 'line-opacity': 0.85, 'z-index': 3, 'font-weight': 'bold' },
    },
    { selector: 'edge.idle', style: { 'line-opacity': 0.4, width: 1 } },
    { selector: 'edge.new', style: { ...paint(accent), ...DASHED, 'font-weight': 'bold' } },
    { selector: 'edge.worse', style: { ...paint(error), ...DASHED, 'font-weight': 'bold' } },
    {
      selector: 'edge.gone',
      style: { ...paint(dimmed), 'line-style': 'dashed', 'line-dash-pattern': [3, 7], width: 1.5 },
    },
    {
      selector: 'edge.path',
      style: {
        'underlay-color': accent,
        'underlay-opacity': 0.35,
        'underlay-padding': 4,
        'line-opacity': 1,
        'z-index': 8,
      },
    },
    {
      selector: 'node.path',
      style: { 'outline-color': accent, 'outline-width': 2, 'outline-offset': 3, 'min-zoomed-font-size': 0 },
    },
    // Thousands of arrow heads take longer to draw than all the rest: they are where one looks.
    ...(large
      ? [
          {
            selector: 'edge.lit, edge.path, edge.chosen, edge.warn, edge.bad, edge.new, edge.worse',
            style: { 'mid-target-arrow-shape': 'triangle' },
          },
        ]
      : []),
    { selector: '.faded', style: { opacity: 0.3 } },
    { selector: '.quiet', style: { 'text-opacity': 0, 'text-background-opacity': 0 } },
    {
      selector: 'node.current',
      style: { 'outline-color': accent, 'outline-width': 2, 'outline-offset': 4, 'outline-style': 'dashed' },
    },
    {
      selector: 'node.chosen',
      style: {
        'outline-color': accent,
        'outline-width': 3,
        'outline-offset': 3,
        'outline-style': 'solid',
        'z-index': 20,
        'min-zoomed-font-size': 0,
      },
    },
    {
      selector: 'edge.chosen',
      style: {
        'underlay-color': accent,
        'underlay-opacity': 0.35,
        'underlay-padding': 4,
        'line-opacity': 1,
        'z-index': 9,
      },
    },
  ];
  return style as unknown as StylesheetJson;
}

const paint = (colour: string) => ({
  'line-color': colour,
  'target-arrow-color': colour,
  'mid-target-arrow-color': colour,
});
