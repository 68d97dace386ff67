import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { writeCondition } from '../lib/condition';
import { type RangeText, resolveRange } from '../lib/range';
import { summarise } from '../lib/summarise';
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

const SLICES = 10;
const PER_SLICE = 100;

/**
 * Traces from the whole range: the newest of each of ten slices of it, all when there are few. The newest alone would show
 * the last seconds of a busy hour.
 */
export async function sampleTraces(
  request: SearchRequest,
  range: RangeText,
  signal?: AbortSignal,
): Promise<Sample> {
  const { fromMs, toMs } = resolveRange(range, Date.now());
  const edge = (i: number) => `${Math.round(fromMs + ((toMs - fromMs) * i) / SLICES)}000000`;
  const pages = await Promise.all(
    Array.from({ length: SLICES }, (_, i) => {
      // The last end stays open with the range's, so that spans from a fast clock are found.
      const to = i === SLICES - 1 ? request.to : edge(i + 1);
      const query = { ...request, from: edge(i), ...(to !== undefined && { to }), limit: PER_SLICE };
      return unwrap(client().GET('/api/v1/traces', { params: { query }, ...signalOf(signal) }));
    }),
  );
  const traces = new Map(pages.flatMap((page) => page.traces).map((trace) => [trace.traceId, trace]));
  return { traces: [...traces.values()], complete: pages.every((page) => !page.nextCursor), fromMs, toMs };
}

export const useTraceSample = (
  request: SearchRequest,
  range: RangeText,
  { enabled = true, refetchInterval = false as Refetch } = {},
) =>
  useQuery({
    queryKey: ['search', 'sample', request, range],
    queryFn: ({ signal }) => sampleTraces(request, range, signal),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval,
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
  const [count, page] = await Promise.all([
    unwrap(client().GET('/api/v1/traces/count', { params: { query }, ...signalOf(signal) })),
    unwrap(
      client().GET('/api/v1/traces', {
        params: { query: { ...query, limit: PER_ERROR_TYPE } },
        ...signalOf(signal),
      }),
    ),
  ]);
  const { p50, p95 } = summarise(page.traces.map((trace) => trace.durationNs));
  return { key: type, count: count.traces, p50, p95, failed: count.traces };
}
