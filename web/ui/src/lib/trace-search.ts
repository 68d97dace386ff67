import type { SearchRequest } from '../api/client';
import { parseCondition, writeCondition } from './condition';
import { parseDuration } from './duration';
import { DEFAULT_RANGE, isRange } from './range';
import { all, first, type RawSearch } from './url';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;
const DURATIONS = ['minDuration', 'maxDuration', 'minTraceDuration', 'maxTraceDuration'] as const;
const MOST_CONDITIONS = 20;

export type DurationField = (typeof DURATIONS)[number];

/** State of the search page, exactly as its address spells it and as the API takes it. Absent means no restriction. */
export type TraceSearch = {
  service?: string | undefined;
  operation?: string | undefined;
  kind?: (typeof KINDS)[number] | undefined;
  status?: (typeof STATUSES)[number] | undefined;
  attr?: string[] | undefined;
  errors?: boolean | undefined;
  from?: string | undefined;
  to?: string | undefined;
} & { [K in DurationField]?: string | undefined };

const KNOWN = new Set([
  'service',
  'operation',
  'kind',
  'status',
  'attr',
  'errors',
  'from',
  'to',
  ...DURATIONS,
]);

/** Reads an address. What cannot be understood is left out and named in ignored; the page says so. */
export function readTraceSearch(raw: RawSearch, nowMs: number): { search: TraceSearch; ignored: string[] } {
  const search: TraceSearch = {};
  const ignored = Object.keys(raw).filter((key) => !KNOWN.has(key));
  const oneOf = <T extends string>(key: string, values: readonly T[]): T | undefined => {
    const text = first(raw[key]);
    const value = values.find((v) => v === text);
    if (text !== undefined && value === undefined) ignored.push(key);
    return value;
  };
  assign(search, 'service', first(raw.service));
  assign(search, 'operation', first(raw.operation));
  assign(search, 'kind', oneOf('kind', KINDS));
  assign(search, 'status', oneOf('status', STATUSES));
  if (oneOf('errors', ['true', 'false']) === 'true') search.errors = true;
  const conditions = all(raw.attr).map((text) => ({ text, condition: parseCondition(text) }));
  const good = conditions.flatMap(({ condition }) => (condition ? [writeCondition(condition)] : []));
  if (good.length < conditions.length || good.length > MOST_CONDITIONS) ignored.push('attr');
  if (good.length > 0) search.attr = [...new Set(good)].slice(0, MOST_CONDITIONS);
  for (const field of DURATIONS) {
    const text = first(raw[field]);
    if (text === undefined) continue;
    if (parseDuration(text) === undefined) ignored.push(field);
    else search[field] = text;
  }
  const range = { from: first(raw.from) ?? DEFAULT_RANGE.from, to: first(raw.to) ?? DEFAULT_RANGE.to };
  if (isRange(range, nowMs)) {
    if (range.from !== DEFAULT_RANGE.from) search.from = range.from;
    if (range.to !== DEFAULT_RANGE.to) search.to = range.to;
  } else {
    ignored.push('from', 'to');
  }
  return { search, ignored };
}

function assign<K extends keyof TraceSearch>(search: TraceSearch, key: K, value: TraceSearch[K]): void {
  if (value !== undefined && value !== '') search[key] = value;
}

/** Leaves out what holds anyway, so that equal states have equal addresses. */
export const withoutDefaults = (search: TraceSearch): TraceSearch => ({
  ...search,
  from: search.from === DEFAULT_RANGE.from ? undefined : search.from,
  to: search.to === DEFAULT_RANGE.to ? undefined : search.to,
});

export const rangeOf = (search: TraceSearch) => ({
  from: search.from ?? DEFAULT_RANGE.from,
  to: search.to ?? DEFAULT_RANGE.to,
});

/** What to ask the API for this state. An open end stays open, so that spans from a fast clock are found. */
export function toRequest(search: TraceSearch): SearchRequest {
  const { from, to } = rangeOf(search);
  const rest = Object.entries(search).filter(
    ([key, value]) => value !== undefined && key !== 'from' && key !== 'to',
  );
  return { ...Object.fromEntries(rest), from, ...(to !== 'now' && { to }) };
}

/** True when anything but the time range restricts the result. */
export const hasFilters = (search: TraceSearch) =>
  Object.entries(search).some(
    ([key, value]) => key !== 'from' && key !== 'to' && value !== undefined && value !== false,
  );
