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

/** What finds the traces that come along an edge: the spans of the service at one end, and the other end where spans name it. */
export function tracesOfEdge(edge: MapEdge, source: MapNode, target: MapNode): TraceSearch | undefined {
  if (source.folded !== undefined || target.folded !== undefined) return undefined;
  if (isService(target.kind))
    return source.kind === 'queue'
      ? { service: target.name, kind: 'consumer', attr: [`@peer=${quoted(source.name)}`] }
      : { service: target.name, ...(edge.type === 'async' && { kind: 'consumer' }) };
  return { service: source.name, attr: [`@peer=${quoted(target.name)}`] };
}

/** A search of the map's filters and of what was picked on it. */
export const joined = (base: TraceSearch, picked: TraceSearch, errors: boolean): TraceSearch => ({
  ...base,
  ...picked,
  attr: [...(base.attr ?? []), ...(picked.attr ?? [])],
  ...(errors && { status: 'error' }),
});
