import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type RangeText, resolveRange } from '../lib/range';
import { client, unwrap } from './client';

type Params = { from: string; to?: string };
type Ask = { params: Params; refetchInterval: number | false };

/** As many rows as one answer has at most. */
const ALL = 1000;

/** The time of the same length that ends where the range begins. */
export function rangeBefore(range: RangeText, nowMs: number): { from: string; to: string } {
  const { fromMs, toMs } = resolveRange(range, nowMs);
  const iso = (ms: number) => new Date(ms).toISOString();
  return { from: iso(2 * fromMs - toMs), to: iso(fromMs) };
}

const topology = async (query: Params, signal: AbortSignal) =>
  unwrap(client().GET('/api/v1/topology', { params: { query }, signal }));

const functions = async (query: Params, signal: AbortSignal) =>
  (await unwrap(client().GET('/api/v1/functions', { params: { query: { ...query, limit: ALL } }, signal })))
    .functions;

/** Every service, and in which steps of time it failed. */
export const useTriage = ({ params, refetchInterval }: Ask) =>
  useQuery({
    placeholderData: keepPreviousData,
    refetchInterval,
    queryKey: ['triage', params],
    queryFn: async ({ signal }) => {
      const [now, matrix] = await Promise.all([
        topology(params, signal),
        unwrap(client().GET('/api/v1/topology/matrix', { params: { query: params }, signal })),
      ]);
      const seconds = Number(BigInt(now.toNs) - BigInt(now.fromNs)) / 1e9;
      return { nodes: now.nodes, matrix, seconds };
    },
  });

/** The range beside the time before: what called what, and the functions. */
export const useComparison = (range: RangeText, { params, refetchInterval }: Ask) =>
  useQuery({
    placeholderData: keepPreviousData,
    refetchInterval,
    queryKey: ['comparison', params],
    queryFn: async ({ signal }) => {
      const before = rangeBefore(range, Date.now());
      const [diff, nodesBefore, functionsBefore, functionsNow] = await Promise.all([
        unwrap(client().GET('/api/v1/topology/diff', { params: { query: params }, signal })),
        topology(before, signal),
        functions(before, signal),
        functions(params, signal),
      ]);
      return { diff, nodesBefore: nodesBefore.nodes, functionsBefore, functionsNow };
    },
  });

export type Comparison = NonNullable<ReturnType<typeof useComparison>['data']>;

/** Calls, errors and latencies of everything over time. */
export const useSeries = ({ params, refetchInterval }: Ask) =>
  useQuery({
    placeholderData: keepPreviousData,
    refetchInterval,
    queryKey: ['series', params],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/operations/series', { params: { query: params }, signal })),
  });

const NEWEST = 50;

/** The newest error records and failed traces. */
export const useNewestErrors = ({ params, refetchInterval }: Ask) =>
  useQuery({
    placeholderData: keepPreviousData,
    refetchInterval,
    queryKey: ['newest-errors', params],
    queryFn: async ({ signal }) => {
      const [logs, traces] = await Promise.all([
        unwrap(
          client().GET('/api/v1/logs', {
            params: { query: { ...params, minSeverity: 'error', limit: NEWEST } },
            signal,
          }),
        ),
        unwrap(
          client().GET('/api/v1/traces', {
            params: { query: { ...params, errors: true, limit: NEWEST } },
            signal,
          }),
        ),
      ]);
      return { logs: logs.logs, traces: traces.traces };
    },
  });
