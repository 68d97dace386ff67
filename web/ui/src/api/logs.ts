import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { client, type Log, unwrap } from './client';
import type { paths } from './schema';

export type LogRequest = NonNullable<paths['/api/v1/logs']['get']['parameters']['query']>;

const PAGE = 200;
const MOST = 1000;

const ask = (query: LogRequest, signal: AbortSignal) =>
  unwrap(client().GET('/api/v1/logs', { params: { query }, signal }));

/** Pages of records, newest first. They are not asked for again by themselves: what comes later is of useLogTail. */
export const useLogPages = (request: LogRequest) =>
  useInfiniteQuery({
    queryKey: ['logs', request],
    queryFn: ({ pageParam, signal }) =>
      ask({ ...request, limit: PAGE, ...(pageParam !== '' && { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor || undefined,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

/** What came since a moment; skipped says that there was more than one answer holds. */
export type LogTail = { logs: Log[]; skipped: boolean };

/** Records may arrive this much later than others that were written after them. */
const LATE_NS = 15_000_000_000n;

/** The records from a little before the newest one known. since is asked every time. */
export const useLogTail = (request: LogRequest, since: () => string | undefined, everyMs: number | false) =>
  useQuery({
    queryKey: ['log-tail', request],
    queryFn: async ({ signal }): Promise<LogTail> => {
      const newest = since();
      const from = newest === undefined ? request.from : String(BigInt(newest) - LATE_NS);
      const page = await ask({ ...request, ...(from !== undefined && { from }), limit: MOST }, signal);
      return { logs: page.logs, skipped: page.nextCursor !== undefined };
    },
    enabled: everyMs !== false,
    refetchInterval: everyMs,
    refetchIntervalInBackground: false,
    structuralSharing: false,
    gcTime: 0,
  });

/** How many records there are over time, by severity. */
export const useLogHistogram = (request: LogRequest, refetchInterval: number | false) =>
  useQuery({
    queryKey: ['log-histogram', request],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/logs/histogram', { params: { query: request }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
