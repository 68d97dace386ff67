import type { Attribute, SpanDetail } from '../../api/client';
import { type Condition, writeCondition } from '../../lib/condition';

const find = (attributes: readonly Attribute[], ...keys: string[]) => {
  for (const key of keys) {
    const value = attributes.find((a) => a.key === key)?.value;
    if (value) return value;
  }
  return undefined;
};

export type ExceptionFacts = {
  type: string;
  message: string;
  stack: string;
  /** Length of the whole stack in bytes, where stack is only its beginning. */
  wholeBytes: number | undefined;
  timeNs: string;
};

/** The recorded exceptions of a span, the last first: as events, or as log records, which is their newer form. */
export function exceptionsOf(span: SpanDetail): ExceptionFacts[] {
  const records = [
    ...span.events.filter((e) => e.name === 'exception'),
    ...span.logs.filter((l) =>
      l.attributes.some((a) => a.key === 'exception.type' || a.key === 'exception.stacktrace'),
    ),
  ];
  const all = records
    .map(({ attributes, timeNs }) => ({
      type: find(attributes, 'exception.type') ?? '',
      message: find(attributes, 'exception.message') ?? '',
      stack: find(attributes, 'exception.stacktrace') ?? '',
      wholeBytes: attributes.find((a) => a.key === 'exception.stacktrace')?.wholeBytes,
      timeNs,
    }))
    .sort((a, b) => (BigInt(a.timeNs) < BigInt(b.timeNs) ? 1 : -1));
  const last = all[0];
  if (last && span.status === 'error') {
    // What the event itself does not say, the span does.
    last.type ||= span.error?.type ?? '';
    last.message ||= span.error?.message || span.statusMessage;
  }
  return all;
}

export type StatementFacts = {
  text: string;
  key: string;
  system: string;
  /** What was put in for the statement's parameters, where the program tells. */
  parameters: { name: string; value: string }[];
  /** Length of the whole statement in bytes, where text is only its beginning. */
  wholeBytes: number | undefined;
};

const PARAMETER = /^db\.(?:query|statement)\.parameter(?:s)?\.(.+)$/;

/** The database statement, under its present or its former attribute names. */
export function statementOf(span: SpanDetail): StatementFacts | undefined {
  const key = ['db.query.text', 'db.statement'].find((name) => find(span.attributes, name));
  const text = key && find(span.attributes, key);
  if (!text) return undefined;
  const parameters = span.attributes.flatMap(({ key: name, value }) => {
    const match = PARAMETER.exec(name);
    return match?.[1] ? [{ name: match[1], value }] : [];
  });
  return {
    text,
    key,
    system: find(span.attributes, 'db.system.name', 'db.system') ?? '',
    parameters,
    wholeBytes: span.attributes.find((a) => a.key === key)?.wholeBytes,
  };
}

// Longer values make no useful condition, and the API takes none above 4096 bytes.
const LONGEST_CONDITION = 1000;

/** The condition that finds spans with, or without, this attribute; undefined for values that cannot be compared. */
export function conditionFor({ key, type, value }: Attribute, without = false): string | undefined {
  if (type === 'json' || type === 'bytes' || type === 'empty')
    return writeCondition({ key, operator: without ? 'missing' : 'exists', value: '' });
  const condition: Condition = { key, operator: without ? '!=' : '=', value };
  const text = writeCondition(condition);
  return text.length <= LONGEST_CONDITION ? text : undefined;
}
