import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type FunctionStats = Schemas['FunctionStats'];
export type FunctionDetail = Schemas['FunctionDetail'];
export type VersionRuns = Schemas['VersionRuns'];
export type Invocation = Schemas['Invocation'];
export type ColdStarts = Schemas['FunctionColdStarts'];
export type InitPhase = Schemas['InitPhase'];
export type InitModule = Schemas['InitModule'];
export type Instance = Schemas['Instance'];
export type ProfileInfo = Schemas['ProfileInfo'];
export type FlameGraphData = Schemas['FlameGraph'];
export type FlameNode = Schemas['FlameNode'];

/** The ends of a time range as useRange has them for the API. */
export type Ends = { from: string; to?: string };
/** The part of useRange that queries need. */
export type Ranged = { params: Ends; refetchInterval: number | false };

const FUNCTIONS_PAGE = 200;
const INVOCATIONS_PAGE = 100;
/** How many invocations are looked at where single ones are added up: the most that one answer has. */
export const SAMPLE = 1000;
const INSTANCES = 500;

export type FunctionSort = NonNullable<
  NonNullable<
    NonNullable<import('./schema').paths['/api/v1/functions']['get']['parameters']['query']>['sort']
  >
>;

export const useFunctions = ({ params, refetchInterval }: Ranged, sort: FunctionSort, reverse: boolean) =>
  useInfiniteQuery({
    queryKey: ['functions', params, sort, reverse],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client().GET('/api/v1/functions', {
          params: { query: { ...params, sort, reverse, limit: FUNCTIONS_PAGE, offset: pageParam } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => {
      const seen = pages.reduce((sum, one) => sum + one.functions.length, 0);
      return page.functions.length > 0 && seen < page.total ? seen : undefined;
    },
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useFunction = (name: string, { params, refetchInterval }: Ranged, version?: string) =>
  useQuery({
    queryKey: ['function', name, params, version],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/functions/{name}', {
          params: { path: { name }, query: { ...params, ...(version && { version: [version] }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useColdStarts = (name: string, { params, refetchInterval }: Ranged, version?: string) =>
  useQuery({
    queryKey: ['function', name, 'coldstarts', params, version],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/functions/{name}/coldstarts', {
          params: {
            path: { name },
            query: { ...params, ...(version && { version: [version] }), traces: 100, worst: 20 },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export type InvocationFilter = { outcome?: string[]; cold?: boolean; version?: string[] };

const invocations = (name: string, query: InvocationFilter & Ends & { limit: number; cursor?: string }) => ({
  params: { path: { name }, query },
});

/** Invocations, newest first, page by page. */
export const useInvocations = (name: string, { params, refetchInterval }: Ranged, filter: InvocationFilter) =>
  useInfiniteQuery({
    queryKey: ['function', name, 'invocations', params, filter],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client().GET('/api/v1/functions/{name}/invocations', {
          ...invocations(name, {
            ...params,
            ...filter,
            limit: INVOCATIONS_PAGE,
            ...(pageParam && { cursor: pageParam }),
          }),
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor || undefined,
    placeholderData: keepPreviousData,
    refetchInterval,
  });

/** The newest invocations of a kind, at most SAMPLE of them; nextCursor says that there are more. */
export const useInvocationSample = (
  name: string,
  { params, refetchInterval }: Ranged,
  filter: InvocationFilter,
) =>
  useQuery({
    queryKey: ['function', name, 'sample', params, filter],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/functions/{name}/invocations', {
          ...invocations(name, { ...params, ...filter, limit: SAMPLE }),
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useInstances = (name: string, { params, refetchInterval }: Ranged) =>
  useQuery({
    queryKey: ['function', name, 'instances', params],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/functions/{name}/instances', {
          params: { path: { name }, query: { ...params, limit: INSTANCES } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useFunctionProfiles = (name: string, { params, refetchInterval }: Ranged) =>
  useQuery({
    queryKey: ['function', name, 'profiles', params],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          client().GET('/api/v1/functions/{name}/profiles', {
            params: { path: { name }, query: { ...params, limit: 200 } },
            signal,
          }),
        )
      ).profiles,
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useProfile = (traceId: string, spanId: string) =>
  useQuery({
    queryKey: ['profile', traceId, spanId],
    queryFn: async ({ signal }) =>
      (await unwrap(
        client().GET('/api/v1/profiles/{traceId}/{spanId}', {
          params: { path: { traceId, spanId }, query: { format: 'flamegraph' } },
          headers: { Accept: 'application/json' },
          signal,
        }),
      )) as unknown as FlameGraphData,
    // A profile never changes, and it may be large.
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    enabled: traceId !== '',
  });
