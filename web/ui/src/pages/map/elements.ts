import type { ElementDefinition } from 'cytoscape';
import type { ChangeWord } from './changes';
import { type FigureTexts, SIGN } from './figures';
import type { MapEdge, MapNode } from './graph';
import type { Scene } from './groups';
import type { Metric } from './view';

export type Drawn = {
  scene: Scene;
  metric: Metric;
  texts: FigureTexts;
  /** What changed, by edge, and the word for it in the page's language. */
  words: ReadonlyMap<string, { word: ChangeWord; text: string }>;
};

const ASYNC = new Set(['publish', 'consume', 'async', 'link']);

/** What the drawing shows of a scene, as cytoscape takes it. Groups come before what stands in them. */
export function elementsOf({ scene, metric, texts, words }: Drawn): ElementDefinition[] {
  const open = [...scene.groups.values()].filter((group) => group.framed);
  return [
    ...open.map((group) => ({
      group: 'nodes' as const,
      data: { id: group.id, label: group.name },
      classes: 'group',
    })),
    ...scene.nodes.map((node) => nodeOf(node, scene, metric, texts)),
    ...scene.edges.map((edge) => edgeOf(edge, metric, texts, words.get(edge.id))),
  ];
}

function nodeOf(node: MapNode, scene: Scene, metric: Metric, texts: FigureTexts): ElementDefinition {
  const name = node.folded === undefined ? node.name : `${node.name} (${texts.count(node.folded)})`;
  const shown = texts.of(node, metric);
  // Errors are always said: they are what one looks for.
  const errors = node.health === 'ok' || metric === 'errors' ? '' : texts.share(node.errorRate);
  const figures = [errors, shown].filter((text) => text !== '').join(' · ');
  const parent = scene.parent.get(node.id);
  const classes = [node.kind, node.health, node.folded !== undefined && 'closed', node.calls === 0 && 'idle'];
  return {
    group: 'nodes',
    data: {
      id: node.id,
      label: `${shorten(name)}${figures === '' ? '' : `\n${SIGN[node.health]}${figures}`}`,
      share: node.errors === 0 ? 0 : Math.max(node.errorRate * 100, 3),
      size: 30 + Math.min(18, 4 * Math.log10(1 + node.perMinute)),
      ...(parent !== undefined && { parent }),
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
