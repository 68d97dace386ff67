import type { SearchRequest } from '../api/client';
import { readQuery } from '../query/chips';
import { parseQuery } from '../query/parse';
import { toParams } from '../query/tree';
import { writeQueryText } from '../query/write';
import { readBrush, writeBrush } from './brush';
import { parseCondition, writeCondition } from './condition';
import { parseDuration } from './duration';
import { readTraceId } from './trace-view';
import { defineView, flag, oneOf, rangeParams, type StateOf, several, spelled, text } from './view';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;
const MOST_CONDITIONS = 20;

const condition = (written: string) => {
  const parsed = parseCondition(written);
  return parsed && writeCondition(parsed);
};
const duration = spelled((written) => (parseDuration(written) === undefined ? undefined : written));

/** The conditions on a set of traces, by what the API calls them; q is what it calls where and structure. */
export const FILTERS = {
  service: text,
  operation: text,
  kind: oneOf(KINDS),
  status: oneOf(STATUSES),
  errors: flag,
  attr: several(condition, MOST_CONDITIONS),
  minDuration: duration,
  maxDuration: duration,
  minTraceDuration: duration,
  maxTraceDuration: duration,
  /** A query for what the others cannot say: see query/parse.ts. */
  q: spelled((written) => {
    const parsed = parseQuery(written);
    return 'query' in parsed && parsed.query.length > 0 ? writeQueryText(parsed.query) : undefined;
  }),
};

export type DurationField = 'minDuration' | 'maxDuration' | 'minTraceDuration' | 'maxTraceDuration';

/** What stands above the results, and by what these are grouped. */
export const PICTURES = ['scatter', 'heat', 'histogram', 'time'] as const;
export const GROUPS = ['none', 'root', 'service', 'error'] as const;
export type Picture = (typeof PICTURES)[number];
export type Grouping = (typeof GROUPS)[number];

export const SEARCH = defineView({
  ...FILTERS,
  /** Whether the conditions are edited as chips or as one text. */
  mode: oneOf(['chips', 'text'] as const, 'chips'),
  viz: oneOf(PICTURES, 'scatter'),
  brush: spelled((written) => {
    const brush = readBrush(written);
    return brush && writeBrush(brush);
  }),
  group: oneOf(GROUPS, 'none'),
  /** The traces that are marked to be compared. */
  marks: several(readTraceId, 2),
  /** How the groups are sorted. */
  sort: spelled((written) => (/^-?[a-z][a-z0-9]*$/.test(written) ? written : undefined)),
});

/** State of the search page, exactly as its address spells it and as the API takes it. Absent means no restriction. */
export type TraceSearch = StateOf<typeof SEARCH>;

const isFilter = ([key, value]: [string, unknown]) =>
  key in FILTERS && value !== undefined && value !== false;

/** What to ask the API for this state. */
export const toRequest = (search: TraceSearch): SearchRequest => ({
  ...toConditions(filtersOf(search)),
  ...rangeParams(search),
});

/** Filters as the API takes them, without a time. */
export function toConditions({ q, ...chips }: Partial<TraceSearch>): Omit<SearchRequest, 'from' | 'to'> {
  return { ...chips, ...(q !== undefined && toParams(readQuery(q))) } as Omit<SearchRequest, 'from' | 'to'>;
}

/** What restricts the traces, to take along to a page that shows the same set. */
export const filtersOf = (search: TraceSearch): Partial<TraceSearch> =>
  Object.fromEntries(Object.entries(search).filter(isFilter));

/** True when anything but the time range restricts the result. */
export const hasFilters = (search: TraceSearch) => Object.entries(search).some(isFilter);
