import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ApiError, client, unwrap } from './client';
import type { Ranged } from './functions';
import type { components } from './schema';

type Schemas = components['schemas'];
export type OperationStats = Schemas['OperationStats'];
export type OperationPoint = Schemas['OperationPoint'];
export type Statement = Schemas['Statement'];
export type OriginGroup = Schemas['OriginGroup'];
export type NodeKind = Schemas['NodeKind'];
export type TopologyNode = Schemas['TopologyNode'];
export type TopologyEdge = Schemas['TopologyEdge'];
export type Topology = Schemas['Topology'];

const OPERATIONS = 500;
const STATEMENTS = 1000;
const LOGS_PAGE = 100;

/** The id that a topology knows a function, service, database or queue by. */
export const nodeId = (kind: NodeKind, name: string) => `${kind === 'function' ? 'service' : kind}:${name}`;

/** Nodes and edges of the whole range: what there is beside functions. */
export const useTopology = ({ params, refetchInterval }: Ranged) =>
  useQuery({
    queryKey: ['topology', params],
    queryFn: ({ signal }) => unwrap(client().GET('/api/v1/topology', { params: { query: params }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

/** Calls by node over time, for small charts. */
export const useNodeSeries = ({ params, refetchInterval }: Ranged) =>
  useQuery({
    queryKey: ['topology', 'matrix', params],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/topology/matrix', { params: { query: params }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

/** A node and what is one hop away from it; without one when it took no part in the range. */
export const useNeighbours = (id: string, { params, refetchInterval }: Ranged, enabled = true) =>
  useQuery({
    queryKey: ['topology', 'focus', id, params],
    queryFn: async ({ signal }): Promise<Pick<Topology, 'nodes' | 'edges'>> => {
      try {
        return await unwrap(
          client().GET('/api/v1/topology', { params: { query: { ...params, focus: id, hops: 1 } }, signal }),
        );
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { nodes: [], edges: [] };
        throw error;
      }
    },
    placeholderData: keepPreviousData,
    refetchInterval,
    enabled,
  });

export const useOperationStats = ({ params, refetchInterval }: Ranged, service: string) =>
  useQuery({
    queryKey: ['operationStats', service, params],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/operations/stats', {
          params: {
            query:
              service === ''
                ? { ...params, groupBy: 'service' as const, limit: STATEMENTS }
                : { ...params, service, limit: OPERATIONS },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useOperationSeries = ({ params, refetchInterval }: Ranged, service: string, enabled = true) =>
  useQuery({
    queryKey: ['operationSeries', service, params],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/operations/series', { params: { query: { ...params, service } }, signal }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
    enabled,
  });

/** Statements of one caller, or of all when service is empty. */
export const useStatements = ({ params, refetchInterval }: Ranged, service: string) =>
  useQuery({
    queryKey: ['statements', service, params],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/statements', {
          params: { query: { ...params, ...(service !== '' && { service }), limit: STATEMENTS } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useErrorOrigins = ({ params, refetchInterval }: Ranged, service: string) =>
  useQuery({
    queryKey: ['origins', service, params],
    queryFn: ({ signal }) =>
      unwrap(
        client().GET('/api/v1/errors/origins', {
          params: { query: { ...params, ...(service !== '' && { service }), limit: 200 } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useServiceLogs = (
  { params, refetchInterval }: Ranged,
  service: string,
  minSeverity: string | undefined,
  text: string | undefined,
) =>
  useInfiniteQuery({
    queryKey: ['logs', service, params, minSeverity, text],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client().GET('/api/v1/logs', {
          params: {
            query: {
              ...params,
              service,
              ...(minSeverity && { minSeverity }),
              ...(text && { text }),
              limit: LOGS_PAGE,
              ...(pageParam !== '' && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor || undefined,
    placeholderData: keepPreviousData,
    refetchInterval,
  });
