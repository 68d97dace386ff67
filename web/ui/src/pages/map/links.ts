import type { TraceBody } from '../../api/topology';
import { FILTERS, type TraceSearch } from '../../lib/trace-search';
import type { Fields } from '../../lib/view';
import type { MapEdge, MapNode } from './graph';

/** The filters of the map's address, to take along. */
export const filtersOf = (state: Record<string, unknown>): TraceSearch =>
  Object.fromEntries(
    Object.entries(state).filter(([key, value]) => key in (FILTERS as Fields) && value !== undefined),
  ) as TraceSearch;

const quoted = (name: string) => (/^[\s"=]|\s$/.test(name) || name === '' ? JSON.stringify(name) : name);

const isService = (kind: string) => kind === 'service' || kind === 'function';

/** What finds the traces that come through a node; undefined where it has no name of its own. */
export function tracesOfNode(node: MapNode): TraceSearch | undefined {
  if (node.kind === 'user') return {};
  if (node.folded !== undefined) return undefined;
  return isService(node.kind) ? { service: node.name } : { attr: [`@peer=${quoted(node.name)}`] };
}

/**
 * What finds the traces that come along an edge, where the spans at one end name the other one. A call from service to service
 * is no such: see throughEdge.
 */
export function tracesOfEdge(source: MapNode, target: MapNode): TraceSearch | undefined {
  if (source.folded !== undefined || target.folded !== undefined || source.kind === 'user') return undefined;
  if (!isService(target.kind)) return { service: source.name, attr: [`@peer=${quoted(target.name)}`] };
  return source.kind === 'queue'
    ? { service: target.name, kind: 'consumer', attr: [`@peer=${quoted(source.name)}`] }
    : undefined;
}

const is = (field: string, value: string | boolean) => ({ field, op: '=' as const, value });

/** Which traces pass through an edge: all, and those in which the call failed. Undefined where no condition can tell. */
export function throughEdge(
  edge: MapEdge,
  source: MapNode,
  target: MapNode,
): { all: TraceBody; failing: TraceBody } | undefined {
  if (source.folded !== undefined || target.folded !== undefined) return undefined;
  const both = (make: (more: ReturnType<typeof is>[]) => TraceBody) => ({
    all: make([]),
    failing: make([is('@error', true)]),
  });
  if (source.kind === 'user')
    return both((more) => ({
      where: { and: [is('@service', target.name), is('@kind', 'server'), ...more] },
    }));
  if (!isService(target.kind))
    return both((more) => ({
      where: { and: [is('@service', source.name), is('@peer', target.name), ...more] },
    }));
  if (source.kind === 'queue')
    return both((more) => ({
      where: {
        and: [is('@service', target.name), is('@kind', 'consumer'), is('@peer', source.name), ...more],
      },
    }));
  // A message's receiver may be in another trace: then only the receiving span tells.
  if (edge.type === 'link') return undefined;
  if (edge.type === 'async')
    return both((more) => ({
      where: {
        and: [
          is('@service', target.name),
          is('@kind', 'consumer'),
          ...(edge.via ? [is('@peer', edge.via)] : []),
          ...more,
        ],
      },
    }));
  return both((more) => ({
    structure: {
      a: is('@service', source.name),
      op: '>' as const,
      b: { and: [is('@service', target.name), ...more] },
    },
  }));
}

/** A search of the map's filters and of what was picked on it. */
export const joined = (base: TraceSearch, picked: TraceSearch, errors: boolean): TraceSearch => ({
  ...base,
  ...picked,
  attr: [...(base.attr ?? []), ...(picked.attr ?? [])],
  ...(errors && { status: 'error' }),
});
