import type { CallPaths } from '../../api/topology';
import type { MapEdge } from './graph';
import { type Group, REST, type Scene } from './groups';

/** One way that requests took: the nodes along it, and how often it was taken. */
export type Way = { nodes: string[]; calls: number; errors: number; traces: number };

/** What to ask for the ways between two nodes: they are counted below or above a service. */
export type PathQuestion = { service: string; direction: 'downstream' | 'upstream' };

const SERVICE = 'service:';

/** The question that finds ways from one node to another; undefined where neither end is a service. */
export function questionOf(from: string, to: string): PathQuestion | undefined {
  if (from.startsWith(SERVICE)) return { service: from.slice(SERVICE.length), direction: 'downstream' };
  if (to.startsWith(SERVICE)) return { service: to.slice(SERVICE.length), direction: 'upstream' };
  return undefined;
}

/**
 * The ways from one node to another, those taken most first. Of a tree of hops, each hop at the other end is one; ways along
 * the same nodes are one, whatever the operations. entries are the nodes that the user calls.
 */
export function waysOf(
  { hops }: CallPaths,
  from: string,
  to: string,
  { direction }: PathQuestion,
  entries: ReadonlySet<string>,
): Way[] {
  const end = direction === 'downstream' ? to : from;
  const found = new Map<string, Way>();
  const called = new Set(hops.map(({ parent }) => parent));
  for (const [i, hop] of hops.entries()) {
    // Where nobody is above, requests may come from the user.
    const first = direction === 'upstream' && end === 'user' && !called.has(i) && entries.has(hop.node);
    if (hop.node !== end && !first) continue;
    const nodes = first ? ['user'] : [];
    for (let at: Hop | undefined = hop; at; at = at.parent < 0 ? undefined : hops[at.parent])
      // Several operations of one node in a row are one station.
      if (nodes.at(-1) !== at.node) nodes.push(at.node);
    if (direction === 'downstream') nodes.reverse();
    if (nodes.length < 2) continue;
    const key = nodes.join('\n');
    const way = found.get(key);
    if (!way) found.set(key, { nodes, calls: hop.calls, errors: hop.errors, traces: hop.traces });
    else {
      way.calls += hop.calls;
      way.errors += hop.errors;
      // A trace may be in both, so that the larger number is what is sure.
      way.traces = Math.max(way.traces, hop.traces);
    }
  }
  return [...found.values()].sort((a, b) => b.calls - a.calls);
}

type Hop = CallPaths['hops'][number];

/**
 * The shortest way along the edges of a map, for what no single trace goes through, as requests that wait in a queue; undefined
 * where there is none.
 */
export function shortest(edges: readonly MapEdge[], from: string, to: string): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { source, target } of edges) {
    const before = next.get(source);
    if (before) before.push(target);
    else next.set(source, [target]);
  }
  const cameFrom = new Map<string, string>([[from, '']]);
  const open = [from];
  for (let i = 0; i < open.length; i++) {
    const at = open[i] ?? '';
    if (at === to) {
      const way: string[] = [];
      for (let one = to; one !== ''; one = cameFrom.get(one) ?? '') way.push(one);
      return way.reverse();
    }
    for (const one of next.get(at) ?? []) {
      if (cameFrom.has(one)) continue;
      cameFrom.set(one, at);
      open.push(one);
    }
  }
  return undefined;
}

/** What is lit of a scene along some ways. */
export function alongOf(ways: readonly Way[], scene: Scene): { nodes: Set<string>; edges: Set<string> } {
  const stand = standIns(scene);
  const between = new Map<string, MapEdge[]>();
  for (const edge of scene.edges) {
    const key = `${edge.source}\n${edge.target}`;
    const before = between.get(key);
    if (before) before.push(edge);
    else between.set(key, [edge]);
  }
  const nodes = new Set<string>();
  const edges = new Set<string>();
  const light = (all: readonly MapEdge[]) => {
    for (const { id, source, target } of all) {
      edges.add(id);
      nodes.add(source);
      nodes.add(target);
    }
  };
  for (const way of ways) {
    const stations = way.nodes.map((id) => stand.get(id) ?? id);
    for (const id of stations) nodes.add(id);
    for (let i = 1; i < stations.length; i++) {
      const from = stations[i - 1] ?? '';
      const to = stations[i] ?? '';
      const straight = between.get(`${from}\n${to}`);
      if (straight) light(straight);
      // A message is drawn through its queue.
      else
        for (const { source, target } of scene.edges) {
          const second = source === from && target.startsWith('queue:') && between.get(`${target}\n${to}`);
          if (second) light([...(between.get(`${from}\n${target}`) ?? []), ...second]);
        }
    }
  }
  return { nodes, edges };
}

/** By the id of what is not drawn one by one, what is drawn for it. */
export function standIns(scene: Scene): Map<string, string> {
  const drawn = new Set(scene.nodes.map(({ id }) => id));
  const of = ({ id, name, framed }: Group) => (framed ? REST + name : id);
  return new Map(
    [...scene.groups.values()].flatMap((group) =>
      group.members.filter(({ id }) => !drawn.has(id)).map(({ id }): [string, string] => [id, of(group)]),
    ),
  );
}
