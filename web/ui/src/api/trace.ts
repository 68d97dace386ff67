import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { api, client, type SpanDetail, unwrap } from './client';
import type { components } from './schema';

export type Analysis = components['schemas']['TraceAnalysis'];
export type Reason = components['schemas']['AnalysisReason'];
export type Comparison = components['schemas']['Comparison'];
export type Difference = components['schemas']['Difference'];

type Signal = { signal?: AbortSignal };

const path = (traceId: string, { signal }: Signal) => ({
  params: { path: { traceId } },
  signal: signal ?? null,
});

export const useAnalysis = (traceId: string) =>
  useQuery({
    queryKey: ['trace', traceId, 'analysis'],
    queryFn: (context) => unwrap(client().GET('/api/v1/traces/{traceId}/analysis', path(traceId, context))),
    staleTime: 60_000,
  });

export const twinQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId, 'twin'],
    queryFn: (context) => unwrap(client().GET('/api/v1/traces/{traceId}/twin', path(traceId, context))),
    staleTime: 300_000,
  });

export const useTwin = (traceId: string) => useQuery(twinQuery(traceId));

export const useTraceLogs = (traceId: string) =>
  useQuery({
    queryKey: ['trace', traceId, 'logs'],
    queryFn: async (context) =>
      (await unwrap(client().GET('/api/v1/traces/{traceId}/logs', path(traceId, context)))).logs,
  });

/** More of a value than this is fetched when somebody asks for it. Bytes. */
const CUT = 4096;

/** A span; its long values are cut unless all of them are wanted. */
export const useSpan = (traceId: string, spanId: string, { whole = false, enabled = true } = {}) =>
  useQuery({
    queryKey: ['trace', traceId, 'span', spanId, whole ? 'whole' : 'cut'],
    queryFn: (context) => api.span(traceId, spanId, whole ? 0 : CUT, context),
    staleTime: 60_000,
    // The panel keeps its shape from one span to the next; a whole span is of one span alone.
    ...(whole ? {} : { placeholderData: keepPreviousData }),
    enabled: enabled && spanId !== '',
  });

/** What stands at the other ends of links, as far as it is stored. */
export const useLinkEnds = (ends: readonly { traceId: string; spanId: string }[], enabled: boolean) =>
  useQueries({
    queries: ends.map(({ traceId, spanId }) => ({
      queryKey: ['trace', traceId, 'span', spanId, 'end'],
      queryFn: (context: Signal) => api.span(traceId, spanId, 1, context),
      staleTime: 300_000,
      retry: false,
      enabled,
    })),
  });

/** Which spans of a trace have a CPU profile. */
export const useTraceProfiles = (traceId: string, enabled: boolean) =>
  useQuery({
    queryKey: ['trace', traceId, 'profiles'],
    queryFn: async (context) =>
      (await unwrap(client().GET('/api/v1/traces/{traceId}/profiles', path(traceId, context)))).profiles,
    staleTime: 60_000,
    enabled,
  });

/** The day before a span ended and the minute after it, as the API spells a range. */
export const dayBefore = (span: SpanDetail): { from: string; to: string } => {
  const end = BigInt(span.startNs) + BigInt(Math.round(span.durationNs));
  return { from: String(end - 86_400_000_000_000n), to: String(end + 60_000_000_000n) };
};

/** What the span's statement costs everywhere in the day before; null when it was not counted. */
export const useSameStatement = (span: SpanDetail, enabled: boolean) =>
  useQuery({
    queryKey: ['trace', span.traceId, 'span', span.spanId, 'statement'],
    queryFn: async ({ signal }) => {
      const query = { ...dayBefore(span), hash: span.statementHash ?? '', limit: 1 };
      const page = await unwrap(
        client().GET('/api/v1/statements', { params: { query }, signal: signal ?? null }),
      );
      return page.statements[0] ?? null;
    },
    staleTime: 60_000,
    enabled: enabled && span.statementHash !== undefined,
  });

/** How a span ranks among its kind in the day before it ended. */
export const usePercentile = (span: SpanDetail, enabled: boolean) =>
  useQuery({
    queryKey: ['trace', span.traceId, 'span', span.spanId, 'percentile'],
    queryFn: ({ signal }) => {
      const query = {
        ...dayBefore(span),
        service: span.service,
        operation: span.name,
        kind: span.kind,
        duration: `${Math.round(span.durationNs)}ns`,
      };
      return unwrap(client().GET('/api/v1/percentile', { params: { query }, signal: signal ?? null }));
    },
    staleTime: 60_000,
    enabled: enabled && span.name !== '',
  });

export const useCompare = (a: string, b: string) =>
  useQuery({
    queryKey: ['compare', a, b],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/compare', { params: { query: { a, b } }, signal: signal ?? null })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    enabled: a !== '' && b !== '',
  });
