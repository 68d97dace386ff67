import { edgeId, type Figures, type Graph, type MapEdge, type MapNode, sum } from './graph';
import type { Grouping } from './view';

/** From so many nodes on they are put into groups unless told otherwise. */
export const GROUP_FROM = 300;

export type Group = {
  id: string;
  name: string;
  members: MapNode[];
  figures: Figures;
  /** All of it is shown. */
  open: boolean;
  /** Some of it is shown, in a frame. */
  framed: boolean;
};

/**
 * What is drawn: nodes with the group they stand in, a node for those of each group that are not shown one by one, and edges
 * between these.
 */
export type Scene = {
  nodes: MapNode[];
  edges: MapEdge[];
  groups: Map<string, Group>;
  /** Of a node in a group that is drawn as a frame: the group's id. */
  parent: Map<string, string>;
  grouping: Exclude<Grouping, 'auto'>;
};

const GROUP = 'group:';

/** Begins the id of the node for what a frame does not show one by one. */
export const REST = 'rest:';

/** True for a group's frame or node, and for the node of those that are not shown one by one. */
export const isGroup = (id: string) => id.startsWith(GROUP) || id.startsWith(REST);

/** The group that such an id belongs to. */
export const groupOf = (id: string) => (id.startsWith(REST) ? GROUP + id.slice(REST.length) : id);

/** The name before its first "-" or ".". */
export const prefixOf = (name: string) => /^[^-.]+/.exec(name)?.[0] ?? name;

export const groupingOf = (chosen: Grouping, nodes: number): Scene['grouping'] =>
  chosen === 'auto' ? (nodes > GROUP_FROM ? 'prefix' : 'none') : chosen;

/**
 * Puts nodes into groups. What is unhealthy is always shown by itself, in the frame of its group, beside one node for the
 * rest; opened groups show all. judged says what is unhealthy, when that is not the graph that is shown.
 */
export function group(
  graph: Graph,
  chosen: Grouping,
  opened: readonly string[],
  judged: Graph = graph,
): Scene {
  const grouping = groupingOf(chosen, graph.nodes.length);
  if (grouping === 'none')
    return { nodes: graph.nodes, edges: graph.edges, groups: new Map(), parent: new Map(), grouping };
  const unhealthy = new Set(judged.nodes.flatMap(({ id, health }) => (health === 'ok' ? [] : [id])));
  const groups = collect(graph.nodes, grouping);
  const parent = new Map<string, string>();
  const stands = new Map<string, string>();
  const nodes: MapNode[] = graph.nodes.filter(({ kind }) => kind === 'user');
  for (const [id, one] of groups) {
    if (one.members.length === 1) {
      groups.delete(id);
      nodes.push(...one.members);
      continue;
    }
    one.figures = sum(one.members);
    const healthy = one.members.filter((member) => !unhealthy.has(member.id));
    one.open = opened.includes(id) || healthy.length < 2;
    const rest = one.open ? [] : healthy;
    one.framed = rest.length < one.members.length;
    const folded = one.framed ? REST + one.name : id;
    for (const member of one.members) {
      if (rest.length > 0 && !unhealthy.has(member.id)) stands.set(member.id, folded);
      else {
        nodes.push(member);
        parent.set(member.id, id);
      }
    }
    if (rest.length === 0) continue;
    nodes.push({ ...sum(rest), id: folded, kind: kindOf(rest), name: one.name, folded: rest.length });
    if (one.framed) parent.set(folded, id);
  }
  return { nodes, edges: mergeEdges(graph.edges, stands), groups, parent, grouping };
}

function collect(nodes: readonly MapNode[], grouping: 'prefix' | 'kind'): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const node of nodes) {
    if (node.kind === 'user') continue;
    const name = grouping === 'kind' ? node.kind : prefixOf(node.name);
    const id = GROUP + name;
    const before = groups.get(id);
    if (before) before.members.push(node);
    else groups.set(id, { id, name, members: [node], figures: node, open: false, framed: false });
  }
  return groups;
}

const kindOf = ([first, ...others]: readonly MapNode[]) =>
  first && others.every(({ kind }) => kind === first.kind) ? first.kind : 'service';

/** Edges between what is drawn; those within a closed group are not. */
function mergeEdges(edges: readonly MapEdge[], stands: ReadonlyMap<string, string>): MapEdge[] {
  const merged = new Map<string, MapEdge[]>();
  for (const edge of edges) {
    const source = stands.get(edge.source) ?? edge.source;
    const target = stands.get(edge.target) ?? edge.target;
    const moved = source !== edge.source || target !== edge.target;
    if (moved && source === target) continue;
    const one = moved
      ? { ...edge, id: edgeId({ type: edge.type, source, target }), source, target, via: undefined }
      : edge;
    const before = merged.get(one.id);
    if (before) before.push(one);
    else merged.set(one.id, [one]);
  }
  return [...merged.values()].flatMap((all) => {
    const [first] = all;
    if (!first || all.length === 1) return all;
    return [
      {
        ...first,
        ...sum(all),
        retries: all.reduce((n, one) => n + one.retries, 0),
        deadLetters: all.reduce((n, one) => n + one.deadLetters, 0),
      },
    ];
  });
}

/** What the panel shows of an id: what is drawn, a group, or what stands in a closed one. */
export function nodeOfScene(scene: Scene, graph: Graph, id: string | undefined): MapNode | undefined {
  if (id === undefined) return undefined;
  const group = scene.groups.get(id);
  if (group)
    return {
      ...group.figures,
      id,
      name: group.name,
      kind: kindOf(group.members),
      folded: group.members.length,
    };
  return scene.nodes.find((one) => one.id === id) ?? graph.nodes.find((one) => one.id === id);
}
