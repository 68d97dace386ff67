import type { Log } from '../../api/client';
import { fnv1a } from '../../lib/colour';
import { SEVERITIES, type Severity } from './view';

/** A record with what tells it apart from all others. */
export type LogRecord = { key: string; log: Log };

/** How many records a page holds at most; beyond them one goes on with a narrower time. */
export const MOST_RECORDS = 5_000;

/**
 * Records have no identity of their own: their time and what they say is one, and equal records of one instant are counted.
 * That gives the same keys in every answer that holds all records of the instant.
 */
export function withKeys(logs: readonly Log[], taken = new Map<string, number>()): LogRecord[] {
  return logs.map((log) => {
    const said = fnv1a(
      [log.service, log.traceId, log.spanId, log.severityNumber, log.eventName, log.body.value].join(
        '\u0000',
      ),
    );
    const key = `${log.timeNs}-${said.toString(36)}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return { key: before === 0 ? key : `${key}-${before}`, log };
  });
}

/** Both lists as one, newest first, each record once, and how many of the oldest there was no more room for. */
export function mergeRecords(
  a: readonly LogRecord[],
  b: readonly LogRecord[],
  most = MOST_RECORDS,
): { records: LogRecord[]; dropped: number } {
  const seen = new Set<string>();
  const records: LogRecord[] = [];
  for (const record of [...a, ...b]) {
    if (seen.has(record.key)) continue;
    seen.add(record.key);
    records.push(record);
  }
  // Times have 19 digits for some centuries to come, so that they compare as text. The sort is stable.
  records.sort((x, y) => (x.log.timeNs < y.log.timeNs ? 1 : x.log.timeNs > y.log.timeNs ? -1 : 0));
  return { records: records.slice(0, most), dropped: Math.max(0, records.length - most) };
}

// OTLP's severity numbers: four for each name, from trace 1 to fatal 21; 0 is not said.
const FATAL = 21;

/** The name of the range that a severity number lies in; undefined when the record has none. */
export const severityOf = (number: number): Severity | undefined =>
  number < 1 ? undefined : SEVERITIES[Math.floor((Math.min(number, FATAL) - 1) / 4)];

/** An exception that a record carries by the names of OpenTelemetry. */
export function exceptionOf(log: Log): { type: string; message: string; stack: string } | undefined {
  const find = (key: string) => log.attributes.find((one) => one.key === key)?.value ?? '';
  const [type, message, stack] = [
    find('exception.type'),
    find('exception.message'),
    find('exception.stacktrace'),
  ];
  return type || message || stack ? { type, message, stack } : undefined;
}
