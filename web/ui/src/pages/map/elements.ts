import type { ElementDefinition } from 'cytoscape';
import type { ChangeWord } from './changes';
import { type FigureTexts, SIGN } from './figures';
import type { MapEdge, MapNode } from './graph';
import { type Group, REST, type Scene } from './groups';
import type { Place, Places } from './slots';
import type { Metric } from './view';

export type Drawn = {
  scene: Scene;
  metric: Metric;
  texts: FigureTexts;
  /** What changed, by edge, and the word for it in the page's language. */
  words: ReadonlyMap<string, { word: ChangeWord; text: string }>;
};

const ASYNC = new Set(['publish', 'consume', 'async', 'link']);

/** What the drawing shows of a scene, as cytoscape takes it: frames, what stands in them, and edges. */
export function elementsOf(drawn: Drawn, places: Places): ElementDefinition[] {
  const { scene, metric, texts, words } = drawn;
  const large = scene.edges.length > LARGE;
  const framed = [...scene.groups.values()].filter((group) => group.framed);
  return [
    ...framed.map((group) => frameOf(group, metric, texts, places.get(group.id))),
    ...scene.nodes.map((node) => nodeOf(node, drawn, places.get(node.id))),
    ...scene.edges.map((edge) => edgeOf(edge, metric, texts, words.get(edge.id))),
  ].map((one) =>
    large && !/\b(warn|bad|group|closed|line|new|worse|gone)\b/.test(String(one.classes ?? ''))
      ? silent(one)
      : one,
  );
}

/** From so many edges on they are straight, and labels are only made where they can be read. */
export const LARGE = 400;

/** Measuring thousands of texts takes seconds: tidyLabels gives them to what is near. */
const silent = (one: ElementDefinition) => ({
  ...one,
  data: { ...one.data, label: '', text: one.data.label },
});

/** Letters of a title are at most so large that it fits into its group. */
const fitting = (text: string, width: number, most: number) =>
  Math.round(
    Math.min(most, (width - 24) / (0.62 * Math.max(...text.split('\n').map((line) => line.length)))),
  );

function frameOf(
  group: Group,
  metric: Metric,
  texts: FigureTexts,
  place: Place | undefined,
): ElementDefinition {
  const shown = texts.of(group.figures, metric);
  const { w = 0, h = 0 } = place ?? {};
  const label = `${group.name} (${texts.count(group.members.length)})${shown === '' ? '' : ` · ${shown}`}`;
  return {
    group: 'nodes',
    data: {
      id: group.id,
      label,
      w,
      h,
      font: fitting(label, w, 28),
      share: 0,
      line: 4,
      sink: fitting(label, w, 28) + 12,
    },
    classes: `group ${group.figures.health}`,
    // It takes no part in dragging, so that the map can be moved by it.
    grabbable: false,
  };
}

const LINE: Record<MapNode['health'], number> = { ok: 1.5, warn: 2.5, bad: 3.5 };

function nodeOf(node: MapNode, { scene, metric, texts }: Drawn, place: Place | undefined): ElementDefinition {
  const rest = node.id.startsWith(REST);
  const name = rest
    ? texts.others(node.folded ?? 0)
    : node.folded === undefined
      ? shorten(node.name)
      : `${node.name} (${texts.count(node.folded)})`;
  const shown = texts.of(node, metric);
  // Errors are always said: they are what one looks for.
  const errors = node.health === 'ok' || metric === 'errors' ? '' : texts.share(node.errorRate);
  const figures = [errors, shown].filter((text) => text !== '').join(' · ');
  const scale = place?.scale ?? 1;
  const size = (30 + Math.min(18, 4 * Math.log10(1 + node.perMinute))) * scale * (place?.within ? 1.5 : 1);
  const tile = place?.w !== undefined;
  const label = place?.beside
    ? `${SIGN[node.health]}${name}${errors === '' ? '' : ` ${errors}`}`
    : `${name}${figures === '' ? '' : `\n${SIGN[node.health]}${figures}`}`;
  const classes = [
    node.kind,
    node.health,
    tile && 'closed',
    place?.beside && 'line',
    place?.within && 'within',
    node.calls === 0 && 'idle',
  ];
  const small = place?.beside ? 20 * scale : size;
  return {
    group: 'nodes',
    data: {
      id: node.id,
      label,
      share: node.errors === 0 || tile ? 0 : Math.max(node.errorRate * 100, 3),
      w: place?.w ?? (node.kind === 'queue' || node.kind === 'external' ? small * 1.25 : small),
      h: place?.h ?? small,
      font: tile
        ? fitting(label, place?.w ?? 0, 36)
        : Math.round((place?.beside ? 16 : 11) * scale * 10) / 10,
      line: LINE[node.health] * (tile ? 1.5 : scale),
      inside: scene.parent.get(node.id) ?? '',
    },
    classes: classes.filter(Boolean).join(' '),
  };
}

function edgeOf(
  edge: MapEdge,
  metric: Metric,
  texts: FigureTexts,
  change: { word: ChangeWord; text: string } | undefined,
): ElementDefinition {
  const figures = edge.calls > 0 || change?.word !== 'gone' ? texts.of(edge, metric) : '';
  const errors = edge.health === 'ok' || metric === 'errors' ? '' : texts.share(edge.errorRate);
  const shown = [errors, figures].filter((text) => text !== '').join(' · ');
  const classes = [edge.health, ASYNC.has(edge.type) && 'async', change?.word, edge.calls === 0 && 'idle'];
  return {
    group: 'edges',
    data: {
      id: edge.id,
      source: edge.source,
      target: edge.target,
      label: [change?.text, shown === '' ? '' : `${SIGN[edge.health]}${shown}`].filter(Boolean).join(' · '),
      font: 10,
      width: 1 + Math.min(6, 1.4 * Math.log10(1 + edge.perMinute)),
    },
    classes: classes.filter(Boolean).join(' '),
  };
}

const MOST = 26;

/** The middle of a long name tells the least. */
function shorten(name: string): string {
  const letters = [...name];
  return letters.length <= MOST
    ? name
    : `${letters.slice(0, MOST - 9).join('')}…${letters.slice(-8).join('')}`;
}
