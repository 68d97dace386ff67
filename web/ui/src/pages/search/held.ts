/** What a list shows while someone reads it, and how many newer ones wait; more when these fill all that was asked for. */
export type Held<T> = { shown: readonly T[]; waiting: number; more: boolean };

/**
 * Keeps the rows where they are that were shown before, with what is known of them now. What comes behind the last of them
 * was asked for and is added; everything else waits.
 */
export function hold<T extends { traceId: string }>(before: readonly T[], now: readonly T[]): Held<T> {
  const latest = new Map(now.map((one) => [one.traceId, one]));
  const known = new Set(before.map((one) => one.traceId));
  const last = now.findLastIndex((one) => known.has(one.traceId));
  const older = last < 0 ? [] : now.slice(last + 1);
  return {
    shown: [...before.map((one) => latest.get(one.traceId) ?? one), ...older],
    waiting: now.filter((one) => !known.has(one.traceId)).length - older.length,
    more: last < 0 && now.length > 0,
  };
}
