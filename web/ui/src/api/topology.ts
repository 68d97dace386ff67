import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client, unwrap } from './client';
import type { components, paths } from './schema';

export type Topology = components['schemas']['Topology'];
export type TopologyNode = components['schemas']['TopologyNode'];
export type TopologyEdge = components['schemas']['TopologyEdge'];
export type TopologyMatrix = components['schemas']['TopologyMatrix'];
export type TopologyDiff = components['schemas']['TopologyDiff'];
export type CallPaths = components['schemas']['CallPaths'];
export type NodeKind = components['schemas']['NodeKind'];
export type TopologyRequest = NonNullable<paths['/api/v1/topology']['get']['parameters']['query']>;
type DiffRequest = NonNullable<paths['/api/v1/topology/diff']['get']['parameters']['query']>;
type RangeRequest = { from: string; to?: string };

export const useTopology = (query: TopologyRequest, refetchInterval: number | false) =>
  useQuery({
    queryKey: ['topology', query],
    queryFn: ({ signal }) => unwrap(client().GET('/api/v1/topology', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval,
  });

export const useTopologyMatrix = (query: RangeRequest, enabled: boolean, refetchInterval: number | false) =>
  useQuery({
    queryKey: ['topology', 'matrix', query],
    queryFn: ({ signal }) => unwrap(client().GET('/api/v1/topology/matrix', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    // Some hundred thousand numbers are of no use to a deep comparison.
    structuralSharing: false,
    enabled,
    refetchInterval,
  });

/** base tells apart what the range is compared with; request makes its instants when it is asked, so that they are today's. */
export const useTopologyDiff = (
  key: readonly unknown[],
  request: () => DiffRequest,
  enabled: boolean,
  refetchInterval: number | false,
) =>
  useQuery({
    queryKey: ['topology', 'diff', ...key],
    queryFn: ({ signal }) =>
      unwrap(client().GET('/api/v1/topology/diff', { params: { query: request() }, signal })),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval,
  });

export type PathRequest = RangeRequest & { service: string; direction: 'downstream' | 'upstream' };

export const useCallPaths = (query: PathRequest, enabled: boolean) =>
  useQuery({
    queryKey: ['topology', 'paths', query],
    queryFn: ({ signal }) => unwrap(client().GET('/api/v1/topology/paths', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    enabled,
  });

type TraceSearchBody = components['schemas']['TraceSearch'];

/** Conditions on traces that an address cannot hold. */
export type TraceBody = Omit<TraceSearchBody, 'limit' | 'cursor'>;

export const useTracesThrough = (body: TraceSearchBody, enabled: boolean, refetchInterval: number | false) =>
  useQuery({
    queryKey: ['topology', 'traces', body],
    queryFn: ({ signal }) => unwrap(client().POST('/api/v1/traces/search', { body, signal })),
    placeholderData: keepPreviousData,
    enabled,
    refetchInterval,
  });
