import type { SearchRequest } from '../api/client';
import { parseCondition, writeCondition } from './condition';
import { parseDuration } from './duration';
import { defineView, flag, oneOf, rangeParams, type StateOf, several, spelled, text } from './view';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;
const MOST_CONDITIONS = 20;

const condition = (written: string) => {
  const parsed = parseCondition(written);
  return parsed && writeCondition(parsed);
};
const duration = spelled((written) => (parseDuration(written) === undefined ? undefined : written));

/** The conditions that the API takes for a set of traces, and what it calls them. */
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
};

export type DurationField = 'minDuration' | 'maxDuration' | 'minTraceDuration' | 'maxTraceDuration';

export const SEARCH = defineView(FILTERS);

/** State of the search page, exactly as its address spells it and as the API takes it. Absent means no restriction. */
export type TraceSearch = StateOf<typeof SEARCH>;

const isFilter = ([key, value]: [string, unknown]) =>
  key in FILTERS && value !== undefined && value !== false;

/** What to ask the API for this state. */
export function toRequest(search: TraceSearch): SearchRequest {
  return { ...Object.fromEntries(Object.entries(search).filter(isFilter)), ...rangeParams(search) };
}

/** True when anything but the time range restricts the result. */
export const hasFilters = (search: TraceSearch) => Object.entries(search).some(isFilter);
