import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback } from 'react';
import { buildTrace } from '../trace/model';
import { readCompact } from '../trace/source';
import { ApiError, api, type SearchRequest, type Session } from './client';
import { readConfig } from './config';

export const PAGE_SIZE = 100;

const SESSION = ['session'] as const;

/** What is about the server and not about a time: asking again for a page does not ask for it. */
export const isMeta = (key: readonly unknown[]) =>
  key[0] === SESSION[0] || key[0] === 'info' || key[0] === 'stats';

/** Takes over who is signed in now, as signing in and out answer it. */
export function useSetSession() {
  const queries = useQueryClient();
  return (session: Session) => queries.setQueryData(SESSION, session);
}

/** Forgets all that was loaded but who is signed in: it belongs to whoever was before. */
export function useForget() {
  const queries = useQueryClient();
  return useCallback(
    () => queries.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] }),
    [queries],
  );
}

/** The one query client. An answer that asks for signing in makes the session stale, which brings up the sign-in page. */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== SESSION[0]) {
          void client.invalidateQueries({ queryKey: SESSION });
        }
      },
    }),
    defaultOptions: {
      queries: {
        refetchOnWindowFocus: false,
        staleTime: 15_000,
        // A refusal stays one; only a server that did not answer may do so later.
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      },
    },
  });
  return client;
}

const ANYONE: Session = { authRequired: false, signedIn: true, name: '', scopes: [] };

/** Who is signed in. Nothing is asked where the page already says that anyone may look. */
export const useSession = () =>
  useQuery({
    queryKey: SESSION,
    queryFn: api.session,
    staleTime: 60_000,
    ...(readConfig().authRequired === false && { initialData: ANYONE }),
  });

export const useInfo = () => useQuery({ queryKey: ['info'], queryFn: api.info, staleTime: 300_000 });

/** pollMs > 0 asks again and again: the first-run page waits for data with it. */
export const useStats = (pollMs = 0) =>
  useQuery({ queryKey: ['stats'], queryFn: api.stats, refetchInterval: pollMs > 0 ? pollMs : 30_000 });

export const useServices = () => useQuery({ queryKey: ['services'], queryFn: api.services });

export const useOperations = (service: string) =>
  useQuery({ queryKey: ['operations', service], queryFn: (context) => api.operations(service, context) });

export const useAttributeKeys = (prefix: string, enabled: boolean) =>
  useQuery({
    queryKey: ['attributes', prefix],
    queryFn: (context) => api.attributeKeys(prefix, context),
    placeholderData: keepPreviousData,
    enabled,
  });

export const useAttributeValues = (key: string, prefix: string, enabled: boolean) =>
  useQuery({
    queryKey: ['attributes', key, 'values', prefix],
    queryFn: (context) => api.attributeValues(key, prefix, context),
    enabled: enabled && key !== '' && !key.startsWith('@'),
  });

export const useTraceSearch = (request: SearchRequest, refetchInterval: number | false = false) =>
  useInfiniteQuery({
    refetchInterval,
    queryKey: ['search', request],
    queryFn: ({ pageParam, signal }) =>
      api.searchTraces(
        { ...request, limit: PAGE_SIZE, ...(pageParam !== '' && { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor || undefined,
    placeholderData: keepPreviousData,
  });

export const useNewestTrace = (enabled: boolean, pollMs: number) =>
  useQuery({
    queryKey: ['search', 'newest'],
    queryFn: (context) => api.searchTraces({ limit: 1 }, context),
    enabled,
    refetchInterval: pollMs,
  });

export const traceQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId],
    queryFn: async (context) => buildTrace(readCompact(await api.trace(traceId, context))),
    // Typed arrays and maps are of no use to a deep comparison.
    structuralSharing: false,
    staleTime: 60_000,
  });

export const useTrace = (traceId: string) => useQuery(traceQuery(traceId));
