import type { SearchRequest } from '../api/client';
import { durationNs } from '../units';
import { parseDuration, writeDuration } from './duration';

/** Nanoseconds, both ends included; without `to` it is open upwards. */
export type Durations = { from: number; to?: number };

/**
 * What is selected among the traces found: those that started within a time, whose duration or one of whose spans' lies
 * within bounds, or that hold an error. All that is given must hold.
 */
export type Brush = {
  time?: { fromMs: number; toMs: number };
  trace?: Durations;
  span?: Durations;
  errors?: boolean;
};

/** Reads "1795609014260-1795610944661,trace:10ms-2s", the terms in any order; undefined when it is malformed. */
export function readBrush(text: string): Brush | undefined {
  const brush: Brush = {};
  for (const term of text.split(',')) {
    const time = /^(\d{1,15})-(\d{1,15})$/.exec(term);
    const durations = /^(trace|span):([^-]+)-([^-]*)$/.exec(term);
    if (term === 'errors') brush.errors = true;
    else if (time) {
      const [fromMs, toMs] = [Number(time[1]), Number(time[2])];
      if (fromMs >= toMs) return undefined;
      brush.time = { fromMs, toMs };
    } else if (durations) {
      const from = parseDuration(durations[2] ?? '');
      const to = durations[3] === '' ? undefined : parseDuration(durations[3] ?? '');
      if (from === undefined || (durations[3] !== '' && (to === undefined || to < from))) return undefined;
      brush[durations[1] as 'trace' | 'span'] = { from, ...(to !== undefined && { to }) };
    } else return undefined;
  }
  return brush;
}

const writeNs = (ns: number) => writeDuration(durationNs(Math.max(0, Math.round(ns))));

export function writeBrush({ time, trace, span, errors }: Brush): string {
  const bounds = ({ from, to }: Durations) => `${writeNs(from)}-${to === undefined ? '' : writeNs(to)}`;
  return [
    time && `${Math.floor(time.fromMs)}-${Math.ceil(time.toMs)}`,
    trace && `trace:${bounds(trace)}`,
    span && `span:${bounds(span)}`,
    errors && 'errors',
  ]
    .filter(Boolean)
    .join(',');
}

/** What to ask for the traces that a request finds and that lie within the brush. */
export function brushed(request: SearchRequest, { time, trace, span, errors }: Brush): SearchRequest {
  const later = (a: string | undefined, b: number) => writeNs(Math.max(parseDuration(a ?? '') ?? 0, b));
  const earlier = (a: string | undefined, b: number) => writeNs(Math.min(parseDuration(a ?? '') ?? b, b));
  return {
    ...request,
    ...(time && { from: `${time.fromMs}000000`, to: `${time.toMs}000000` }),
    ...(trace && { minTraceDuration: later(request.minTraceDuration, trace.from) }),
    ...(trace?.to !== undefined && { maxTraceDuration: earlier(request.maxTraceDuration, trace.to) }),
    ...(span && { minDuration: later(request.minDuration, span.from) }),
    ...(span?.to !== undefined && { maxDuration: earlier(request.maxDuration, span.to) }),
    ...(errors && { errors }),
  };
}

/** Three significant digits, rounded outwards, so that an edge reads well and what it touched stays inside. */
export function roundOut({ from, to }: { from: number; to: number }): Durations {
  return { from: rounded(from, Math.floor), to: rounded(to, Math.ceil) };
}

function rounded(ns: number, round: (n: number) => number): number {
  const size = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, ns))) - 2);
  return round(ns / size) * size;
}
