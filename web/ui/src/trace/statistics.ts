import type { CriticalPath } from './critical';
import { STATUS_ERROR, type TraceModel } from './model';
import { quantile } from './repeats';

export type OperationRow = {
  id: string;
  service: string;
  name: string;
  calls: number;
  errors: number;
  totalNs: number;
  selfNs: number;
  criticalNs: number;
  p95Ns: number;
  maxNs: number;
  /** The longest one. */
  row: number;
};

/** What each operation of the trace took, from its spans. */
export function statistics(model: TraceModel, path: CriticalPath | undefined): OperationRow[] {
  const found = new Map<number, OperationRow & { durations: number[] }>();
  const width = model.names.length + 1;
  for (let row = 0; row < model.rows; row++) {
    const [service, name] = [model.service[row] ?? -1, model.name[row] ?? -1];
    if (service < 0) continue;
    const key = service * width + name;
    let entry = found.get(key);
    if (!entry) {
      entry = {
        id: String(key),
        service: model.services[service] ?? '',
        name: model.names[name] ?? '',
        calls: 0,
        errors: 0,
        totalNs: 0,
        selfNs: 0,
        criticalNs: 0,
        p95Ns: 0,
        maxNs: -1,
        row,
        durations: [],
      };
      found.set(key, entry);
    }
    const took = model.duration[row] ?? 0;
    entry.calls++;
    entry.totalNs += took;
    entry.selfNs += model.self.total[row] ?? 0;
    entry.durations.push(took);
    if (model.status[row] === STATUS_ERROR) entry.errors++;
    if (took > entry.maxNs) {
      entry.maxNs = took;
      entry.row = row;
    }
    for (let k = path?.first[row] ?? -1; path && k >= 0; k = path.next[k] ?? -1)
      entry.criticalNs += (path.to[k] ?? 0) - (path.from[k] ?? 0);
  }
  return Array.from(found.values(), ({ durations, ...entry }) => ({
    ...entry,
    p95Ns: quantile(durations, 0.95),
  }));
}

export type ServiceNode = {
  name: string;
  spans: number;
  errors: number;
  selfNs: number;
  level: number;
  place: number;
};
export type ServiceCall = {
  from: number;
  to: number;
  calls: number;
  errors: number;
  totalNs: number;
  row: number;
};
export type ServiceGraph = { nodes: ServiceNode[]; calls: ServiceCall[] };

/** Who called whom: a span whose parent belongs to another service is a call. Services that call come before the called. */
export function serviceGraph(model: TraceModel): ServiceGraph {
  const at = new Map<number, number>();
  const nodes: ServiceNode[] = [];
  const calls = new Map<number, ServiceCall>();
  const nodeOf = (service: number): number => {
    const known = at.get(service);
    if (known !== undefined) return known;
    at.set(service, nodes.length);
    nodes.push({ name: model.services[service] ?? '', spans: 0, errors: 0, selfNs: 0, level: 0, place: 0 });
    return nodes.length - 1;
  };
  for (let row = 0; row < model.rows; row++) {
    const service = model.service[row] ?? -1;
    if (service < 0) continue;
    const to = nodeOf(service);
    const node = nodes[to];
    const failed = model.status[row] === STATUS_ERROR ? 1 : 0;
    if (node) {
      node.spans++;
      node.errors += failed;
      node.selfNs += model.self.total[row] ?? 0;
    }
    const above = model.service[model.parent[row] ?? -1] ?? -1;
    if (above < 0 || above === service) continue;
    const from = nodeOf(above);
    const key = from * model.services.length + to;
    const call = calls.get(key) ?? { from, to, calls: 0, errors: 0, totalNs: 0, row };
    call.calls++;
    call.errors += failed;
    call.totalNs += model.duration[row] ?? 0;
    calls.set(key, call);
  }
  const graph = { nodes, calls: [...calls.values()] };
  layer(graph);
  return graph;
}

/** Breadth first from the services that come first: the level is the least number of calls to get there. */
function layer({ nodes, calls }: ServiceGraph): void {
  const next = nodes.map((): number[] => []);
  const called = new Set<number>();
  for (const { from, to } of calls) {
    next[from]?.push(to);
    called.add(to);
  }
  const level = nodes.map(() => -1);
  const roots = nodes.map((_, i) => i).filter((i) => !called.has(i));
  for (const start of [...roots, ...nodes.keys()]) {
    if (level[start] !== -1) continue;
    level[start] = 0;
    const queue = [start];
    for (let head = 0; head < queue.length; head++) {
      const from = queue[head] ?? 0;
      for (const to of next[from] ?? []) {
        if (level[to] !== -1) continue;
        level[to] = (level[from] ?? 0) + 1;
        queue.push(to);
      }
    }
  }
  const places = new Map<number, number>();
  for (const [i, node] of nodes.entries()) {
    node.level = level[i] ?? 0;
    node.place = places.get(node.level) ?? 0;
    places.set(node.level, node.place + 1);
  }
}
