import { fromMillis, type InstantNs, instantNs, toMillis } from '../units';
import { parseDuration } from './duration';

/** A time range as the URL and the API spell it: Unix nanoseconds, RFC 3339, or relative such as now-1h. */
export type RangeText = { from: string; to: string };

export const DEFAULT_RANGE: RangeText = { from: 'now-1h', to: 'now' };

export const PRESETS = ['now-5m', 'now-15m', 'now-1h', 'now-6h', 'now-24h', 'now-7d', 'now-30d'] as const;

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Reads one end of a range; undefined when it is malformed. */
export function parseInstantText(text: string, nowMs: number): InstantNs | undefined {
  if (text === 'now') return fromMillis(nowMs);
  const relative = /^now([+-])(.+)$/.exec(text);
  if (relative) {
    const offset = parseDuration(relative[2] ?? '');
    if (offset === undefined) return undefined;
    const sign = relative[1] === '-' ? -1n : 1n;
    return instantNs(fromMillis(nowMs) + sign * BigInt(offset));
  }
  if (/^\d{1,19}$/.test(text)) return instantNs(BigInt(text));
  if (!RFC3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : fromMillis(ms);
}

/** True when both ends can be read and the first lies before the second. */
export function isRange(range: RangeText, nowMs: number): boolean {
  const from = parseInstantText(range.from, nowMs);
  const to = parseInstantText(range.to, nowMs);
  return from !== undefined && to !== undefined && from < to;
}

/** Both ends in milliseconds; call it only with what isRange accepted. */
export function resolveRange(range: RangeText, nowMs: number): { fromMs: number; toMs: number } {
  const from = parseInstantText(range.from, nowMs);
  const to = parseInstantText(range.to, nowMs);
  return {
    fromMs: from === undefined ? nowMs - 3_600_000 : toMillis(from),
    toMs: to === undefined ? nowMs : toMillis(to),
  };
}

/** The value a datetime-local input shows for ms: local wall clock, to the second. */
export function toLocalInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** RFC 3339 in UTC of what a datetime-local input holds; undefined while it is incomplete. */
export function fromLocalInput(value: string): string | undefined {
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
}
