import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { writeCondition } from '../lib/condition';
import { writeDuration } from '../lib/duration';
import { type RangeText, resolveRange } from '../lib/range';
import { summarise } from '../lib/summarise';
import { durationNs } from '../units';
import { client, type SearchRequest, type TraceSummary, unwrap } from './client';
import type { components, paths } from './schema';

export type Heatmap = components['schemas']['Heatmap'];
export type Histogram = components['schemas']['LatencyHistogram'];
export type FacetField = components['schemas']['Facets']['fields'][number];
export type ValueDifference = components['schemas']['ValueDifference'];
export type Diff = components['schemas']['Diff'];

type DiffRequest = NonNullable<paths['/api/v1/diff']['get']['parameters']['query']>;
type Refetch = number | false;

const signalOf = (signal: AbortSignal | undefined) => ({ signal: signal ?? null });

// "search" comes first in every key: the search button asks all of them again.
export const useTraceCount = (request: SearchRequest, refetchInterval: Refetch = false) =>
  useQuery({
    queryKey: ['search', 'count', request],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/traces/count', { params: { query: request }, ...signalOf(signal) })),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useFacets = (
  request: SearchRequest,
  field: readonly string[],
  limit: number,
  refetchInterval: Refetch = false,
) =>
  useQuery({
    queryKey: ['search', 'facets', request, field, limit],
    queryFn: async ({ signal }) => {
      const query = { ...request, field: [...field], limit };
      return await unwrap(client().GET('/api/v1/facets', { params: { query }, ...signalOf(signal) }));
    },
    placeholderData: keepPreviousData,
    enabled: field.length > 0,
    // Counts of half a million spans need not follow every few seconds.
    refetchInterval: refetchInterval && Math.max(refetchInterval, 15_000),
  });

export const useHeatmap = (request: SearchRequest, refetchInterval: Refetch = false) =>
  useQuery({
    queryKey: ['search', 'heatmap', request],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/heatmap', {
          params: { query: { ...request, resolution: '2' } },
          ...signalOf(signal),
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useHistogram = (request: SearchRequest, refetchInterval: Refetch = false) =>
  useQuery({
    queryKey: ['search', 'histogram', request],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/histogram', {
          params: { query: { ...request, resolution: '4' } },
          ...signalOf(signal),
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

/** What distinguishes the traces of selection from the other ones that base finds. */
export const useTraceDiff = (selection: SearchRequest, base: SearchRequest) =>
  useQuery({
    queryKey: ['search', 'diff', selection, base],
    queryFn: ({ signal }) => {
      const baseline = Object.fromEntries(
        Object.entries(base).map(([key, value]) => [`baseline.${key}`, value]),
      );
      const query = { ...selection, ...baseline, limit: 100 } as DiffRequest;
      return unwrap(client().GET('/api/v1/diff', { params: { query }, ...signalOf(signal) }));
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export type Sample = { traces: TraceSummary[]; complete: boolean; fromMs: number; toMs: number };

const EVEN = { slices: 16, each: 60 };
const EXTRA = { slices: 6, each: 30 };

/**
 * Traces from the whole range: the newest of each of sixteen slices of it, all when there are few. The newest alone would
 * show the last seconds of a busy hour.
 */
export const sampleQuery = (request: SearchRequest, range: RangeText) =>
  queryOptions({
    queryKey: ['search', 'sample', request, range],
    queryFn: async ({ signal }): Promise<Sample> => {
      const ends = resolveRange(range, Date.now());
      return { ...(await slices(request, ends, EVEN, signal)), ...ends };
    },
  });

/** Failing and slow traces besides a sample: there are too few of them for it to have them all. */
export const useExtraTraces = (
  request: SearchRequest,
  range: RangeText,
  sample: Sample | undefined,
): readonly TraceSummary[] => {
  const { data } = useQuery({
    queryKey: ['search', 'extra', request, range],
    queryFn: async ({ signal }) => {
      const ends = resolveRange(range, Date.now());
      const durations = (sample?.traces ?? []).map((trace) => trace.durationNs);
      const slow = writeDuration(durationNs(summarise(durations).p95));
      const parts = await Promise.all([
        slices({ ...request, errors: true }, ends, EXTRA, signal),
        // Where the search has a bound of its own, that may be the higher one.
        ...(request.minTraceDuration
          ? []
          : [slices({ ...request, minTraceDuration: slow }, ends, EXTRA, signal)]),
      ]);
      return once(parts.flatMap((part) => part.traces));
    },
    enabled: sample?.complete === false,
    placeholderData: keepPreviousData,
  });
  return useMemo(() => {
    if (!data || sample?.complete !== false) return [];
    const known = new Set(sample.traces.map((trace) => trace.traceId));
    return data.filter((trace) => !known.has(trace.traceId));
  }, [data, sample]);
};

type Slices = { slices: number; each: number };

async function slices(
  request: SearchRequest,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  { slices: count, each }: Slices,
  signal: AbortSignal,
): Promise<{ traces: TraceSummary[]; complete: boolean }> {
  const edge = (i: number) => `${Math.round(fromMs + ((toMs - fromMs) * i) / count)}000000`;
  const pages = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      // The last end stays open with the range's, so that spans from a fast clock are found.
      const to = i === count - 1 ? request.to : edge(i + 1);
      const query = { ...request, from: edge(i), ...(to !== undefined && { to }), limit: each };
      return unwrap(client().GET('/api/v1/traces', { params: { query }, ...signalOf(signal) }));
    }),
  );
  return {
    traces: once(pages.flatMap((page) => page.traces)),
    complete: pages.every((page) => !page.nextCursor),
  };
}

const once = (traces: readonly TraceSummary[]) => [
  ...new Map(traces.map((trace) => [trace.traceId, trace])).values(),
];

export const useTraceSample = (
  request: SearchRequest,
  range: RangeText,
  { refetchInterval, enabled = true }: { refetchInterval: Refetch; enabled?: boolean },
) =>
  useQuery({
    ...sampleQuery(request, range),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval: refetchInterval && Math.max(refetchInterval, 15_000),
  });

const MOST_ERROR_TYPES = 12;
const PER_ERROR_TYPE = 200;

/** The traces found that hold each of the most frequent error types; durations are of the newest of them. */
export const useErrorGroups = (request: SearchRequest, refetchInterval: Refetch = false) =>
  useQuery({
    queryKey: ['search', 'errors', request],
    queryFn: async ({ signal }) => {
      const query = { ...request, field: ['error.type'], limit: MOST_ERROR_TYPES };
      const { fields } = await unwrap(
        client().GET('/api/v1/facets', { params: { query }, ...signalOf(signal) }),
      );
      const types = fields[0]?.values ?? [];
      return await Promise.all(types.map(({ value }) => errorGroup(request, value, signal)));
    },
    placeholderData: keepPreviousData,
    refetchInterval: refetchInterval && Math.max(refetchInterval, 15_000),
  });

async function errorGroup(request: SearchRequest, type: string, signal: AbortSignal) {
  const condition = writeCondition({ key: 'error.type', operator: '=', value: type });
  const query = { ...request, attr: [...(request.attr ?? []), condition] };
  const count = async (request: SearchRequest) =>
    (await unwrap(client().GET('/api/v1/traces/count', { params: { query: request }, ...signalOf(signal) })))
      .traces;
  const [traces, failed, page] = await Promise.all([
    count(query),
    count({ ...query, errors: true }),
    unwrap(
      client().GET('/api/v1/traces', {
        params: { query: { ...query, limit: PER_ERROR_TYPE } },
        ...signalOf(signal),
      }),
    ),
  ]);
  const { p50, p95 } = summarise(page.traces.map((trace) => trace.durationNs));
  return { key: type, count: traces, p50, p95, failed };
}
