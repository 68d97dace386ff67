import { edgeId, type Graph, type MapEdge, type MapNode, sum } from './graph';
import type { Grouping } from './view';

/** From so many nodes on they are put into groups unless told otherwise. */
export const GROUP_FROM = 300;

export type Group = { id: string; name: string; members: MapNode[]; open: boolean };

/** What is drawn: nodes with the open group they stand in, a node for each closed group, and edges between these. */
export type Scene = {
  nodes: MapNode[];
  edges: MapEdge[];
  groups: Map<string, Group>;
  /** Of a node in an open group: the group's id. */
  parent: Map<string, string>;
  grouping: Exclude<Grouping, 'auto'>;
};

const GROUP = 'group:';

export const isGroup = (id: string) => id.startsWith(GROUP);

/** The name before its first "-" or ".". */
export const prefixOf = (name: string) => /^[^-.]+/.exec(name)?.[0] ?? name;

export const groupingOf = (chosen: Grouping, nodes: number): Scene['grouping'] =>
  chosen === 'auto' ? (nodes > GROUP_FROM ? 'prefix' : 'none') : chosen;

/**
 * Puts nodes into groups. Those with something unhealthy in them are open, the others closed, toggled ones the other way
 * round. judged says what is unhealthy, when that is not the graph that is shown.
 */
export function group(graph: Graph, chosen: Grouping, toggled: readonly string[], judged = graph): Scene {
  const grouping = groupingOf(chosen, graph.nodes.length);
  const groups = new Map<string, Group>();
  const parent = new Map<string, string>();
  if (grouping === 'none') return { ...graph, groups, parent, grouping };
  for (const node of graph.nodes) {
    if (node.kind === 'user') continue;
    const name = grouping === 'kind' ? node.kind : prefixOf(node.name);
    const id = GROUP + name;
    const before = groups.get(id);
    if (before) before.members.push(node);
    else groups.set(id, { id, name, members: [node], open: false });
  }
  const unhealthy = new Set(judged.nodes.flatMap(({ id, health }) => (health === 'ok' ? [] : [id])));
  const stands = new Map<string, string>();
  const nodes: MapNode[] = [];
  for (const [id, one] of groups) {
    if (one.members.length === 1) groups.delete(id);
    one.open = one.members.some((node) => unhealthy.has(node.id)) !== toggled.includes(id);
  }
  const inGroup = new Map<string, Group>();
  for (const one of groups.values()) for (const member of one.members) inGroup.set(member.id, one);
  for (const node of graph.nodes) {
    const one = inGroup.get(node.id);
    stands.set(node.id, one && !one.open ? one.id : node.id);
    if (!one || one.open) nodes.push(node);
    if (one?.open) parent.set(node.id, one.id);
  }
  for (const one of groups.values()) {
    if (one.open) continue;
    const kinds = new Set(one.members.map(({ kind }) => kind));
    const kind = kinds.size === 1 ? (one.members[0]?.kind ?? 'service') : 'service';
    nodes.push({ ...sum(one.members), id: one.id, kind, name: one.name, folded: one.members.length });
  }
  return { nodes, edges: mergeEdges(graph.edges, stands), groups, parent, grouping };
}

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
