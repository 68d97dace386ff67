import type { TraceSummary } from '../../api/client';
import { summarise } from '../../lib/summarise';

export type TraceGroup = {
  key: string;
  /** What of it stands in the address when one looks into it. */
  service?: string;
  name?: string;
  count: number;
  p50: number;
  p95: number;
  failed: number;
};

/** The traces by their root's service and operation, or by each service that takes part. */
export function groupTraces(traces: readonly TraceSummary[], by: 'root' | 'service'): TraceGroup[] {
  const members = new Map<string, { service: string; name?: string; durations: number[]; failed: number }>();
  const add = (
    key: string,
    service: string,
    name: string | undefined,
    trace: TraceSummary,
    failed: boolean,
  ) => {
    let group = members.get(key);
    if (!group) {
      group = { service, durations: [], failed: 0, ...(name !== undefined && { name }) };
      members.set(key, group);
    }
    group.durations.push(trace.durationNs);
    if (failed) group.failed++;
  };
  for (const trace of traces) {
    const { rootService, rootName, errors } = trace;
    if (by === 'root') add(`${rootService}\n${rootName}`, rootService, rootName, trace, errors > 0);
    else for (const one of trace.services) add(one.name, one.name, undefined, trace, one.errors > 0);
  }
  return [...members]
    .map(([key, { durations, failed, ...rest }]) => ({ key, ...rest, ...summarise(durations), failed }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
}
