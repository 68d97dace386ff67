import { useQuery } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client';
import { FLAG_LOST, FLAG_RUNNING, type TraceModel } from '../../trace/model';
import { fromMillis, since } from '../../units';
import { useFileSource } from './source';

// As long after its last span a trace is looked at for more.
const GROWS_NS = 120e9;
/** The parts of a trace come from several hosts, seconds apart: what is missing so soon is on its way. */
const ARRIVES_NS = 10e9;
const EVERY_MS = 5_000;

const ageNs = (model: TraceModel, nowMs: number) =>
  since(fromMillis(nowMs), model.startNs) - model.durationNs;

/** Whether what a trace still lacks may be on its way. */
export const isArriving = (model: TraceModel, nowMs: number): boolean => ageNs(model, nowMs) < ARRIVES_NS;

/** Whether more spans may come: some run, or the last ended a short while ago. */
export const mayGrow = (model: TraceModel, nowMs: number): boolean =>
  ageNs(model, nowMs) < GROWS_NS || model.flags.some((flags) => (flags & FLAG_RUNNING) !== 0);

/** Spans of a trace that are stored; those that have only begun are not. */
export function storedSpans(model: TraceModel): number {
  let begun = 0;
  for (const flags of model.flags) if (flags & FLAG_RUNNING || flags & FLAG_LOST) begun++;
  return model.spans - begun;
}

/** How many spans have come since the trace was read. It is only said: reading it again is the reader's choice. */
export function useGrowth(model: TraceModel): number {
  const stored = useFileSource() === undefined;
  const { data } = useQuery({
    queryKey: ['trace', model.traceId, 'size'],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/traces/{traceId}/size', {
          params: { path: { traceId: model.traceId } },
          signal: signal ?? null,
        }),
      ),
    refetchInterval: () => (mayGrow(model, Date.now()) ? EVERY_MS : false),
    enabled: stored && mayGrow(model, Date.now()),
    staleTime: 0,
  });
  return Math.max(0, (data?.spans ?? 0) - storedSpans(model));
}
