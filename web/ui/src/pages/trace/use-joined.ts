import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { traceQuery } from '../../api/queries';
import { joinTraces, planJoins } from '../../trace/join';
import type { TraceModel } from '../../trace/model';

const NONE: readonly string[] = [];

/** The trace with those below its spans that the address opens. They come one after another: only a trace that is here says where it leads. */
export function useJoined(base: TraceModel, opened: readonly string[] = NONE) {
  const client = useQueryClient();
  const loaded = (traceId: string) => client.getQueryData(traceQuery(traceId).queryKey);
  const { joins, left } = planJoins(base, opened, loaded);
  const queries = useQueries({ queries: joins.map(({ traceId }) => traceQuery(traceId)) });
  // What the joined trace is made of: it is made again when one of these is another.
  const parts = joins
    .map((join, k) => `${join.at} ${join.traceId} ${queries[k]?.dataUpdatedAt ?? 0}`)
    .join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: parts stands for joins and for what is loaded
  const model = useMemo(() => joinTraces(base, joins, loaded), [base, parts]);
  return {
    model,
    left,
    shown: model.traceIds.length - 1,
    loading: queries.some((query) => query.isPending),
    missing: queries.filter((query) => query.isError).length,
  };
}
