import type { Log, TraceSummary } from '../../api/client';
import { type InstantNs, parseInstant } from '../../units';

/** One line of the newest errors: a record of severity error or above, or a trace that failed. */
export type ErrorEntry = {
  key: string;
  atNs: InstantNs;
  kind: 'record' | 'trace';
  service: string;
  text: string;
  /** How many spans of the trace failed. */
  errors: number;
  traceId: string | undefined;
  spanId: string | undefined;
};

/** Records and traces together, newest first. */
export function newestErrors(
  logs: readonly Log[],
  traces: readonly TraceSummary[],
  most: number,
): ErrorEntry[] {
  const entries: ErrorEntry[] = [
    ...logs.map((log, index) => ({
      // Records have no identity; two of one instant are told apart by their place.
      key: `${log.timeNs} ${log.spanId ?? ''} ${index}`,
      atNs: parseInstant(log.timeNs),
      kind: 'record' as const,
      service: log.service,
      text: log.body.value || log.eventName,
      errors: 0,
      traceId: log.traceId,
      spanId: log.spanId,
    })),
    ...traces.map((trace) => ({
      key: trace.traceId,
      atNs: parseInstant(trace.startNs),
      kind: 'trace' as const,
      service: trace.rootService || (trace.services[0]?.name ?? ''),
      text: trace.rootName,
      errors: trace.errors,
      traceId: trace.traceId,
      spanId: undefined,
    })),
  ];
  entries.sort((a, b) => (a.atNs < b.atNs ? 1 : a.atNs > b.atNs ? -1 : 0));
  return entries.slice(0, most);
}
