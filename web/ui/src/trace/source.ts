import type { components } from '../api/schema';

export type CompactTrace = components['schemas']['CompactTrace'];

/** The encoding of compact traces that is read here. */
export const COMPACT_VERSION = 2;

type Column =
  | 'parent'
  | 'start'
  | 'duration'
  | 'service'
  | 'name'
  | 'kind'
  | 'status'
  | 'category'
  | 'peer'
  | 'module'
  | 'events'
  | 'links'
  | 'flags';

/** What a trace is built from: the API's columns, or those of several traces that were put together. */
export type TraceSource = Pick<
  CompactTrace,
  'traceId' | 'services' | 'names' | 'categories' | 'peers' | 'modules' | 'links' | 'linksTruncated'
> & {
  startNs: string;
  durationNs: number;
  spans: Record<Column, ArrayLike<number>> & {
    id: readonly string[];
    /** Index into traceIds, for rows of other traces. */
    trace?: ArrayLike<number>;
  };
  events: {
    row: ArrayLike<number>;
    offset: ArrayLike<number>;
    name: ArrayLike<number>;
    names: readonly string[];
    truncated: number;
  };
  /** The traces of the rows; the trace's own alone without it. */
  traceIds?: readonly string[];
};

/** Throws when a server of another version answered, whose columns would be misread. */
export function readCompact(compact: CompactTrace): TraceSource {
  if (compact.version !== COMPACT_VERSION)
    throw new Error(`the trace came as version ${compact.version}, this page reads ${COMPACT_VERSION}`);
  return compact;
}
