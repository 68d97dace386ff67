import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client, type SpanDetail, unwrap } from './client';
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

export const useTwin = (traceId: string) =>
  useQuery({
    queryKey: ['trace', traceId, 'twin'],
    queryFn: (context) => unwrap(client().GET('/api/v1/traces/{traceId}/twin', path(traceId, context))),
    staleTime: 300_000,
  });

export const useTraceLogs = (traceId: string) =>
  useQuery({
    queryKey: ['trace', traceId, 'logs'],
    queryFn: async (context) =>
      (await unwrap(client().GET('/api/v1/traces/{traceId}/logs', path(traceId, context)))).logs,
  });

/** How a span ranks among its kind in the day before it ended. */
export const usePercentile = (span: SpanDetail) =>
  useQuery({
    queryKey: ['trace', span.traceId, 'span', span.spanId, 'percentile'],
    queryFn: ({ signal }) => {
      const end = BigInt(span.startNs) + BigInt(Math.round(span.durationNs));
      const query = {
        from: String(end - 86_400_000_000_000n),
        to: String(end + 60_000_000_000n),
        service: span.service,
        operation: span.name,
        kind: span.kind,
        duration: `${Math.round(span.durationNs)}ns`,
      };
      return unwrap(client().GET('/api/v1/percentile', { params: { query }, signal: signal ?? null }));
    },
    staleTime: 60_000,
    enabled: span.name !== '',
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
