import type { Attribute, SpanDetail } from '../../api/client';
import { type Condition, writeCondition } from '../../lib/condition';

const find = (attributes: readonly Attribute[], ...keys: string[]) => {
  for (const key of keys) {
    const value = attributes.find((a) => a.key === key)?.value;
    if (value) return value;
  }
  return undefined;
};

/** The last recorded exception of a span. */
export function exceptionOf(span: SpanDetail): { type: string; message: string; stack: string } | undefined {
  const event = span.events.findLast((e) => e.name === 'exception');
  if (!event) return undefined;
  return {
    type: find(event.attributes, 'exception.type') ?? '',
    message: find(event.attributes, 'exception.message') ?? '',
    stack: find(event.attributes, 'exception.stacktrace') ?? '',
  };
}

/** The database statement, under its present or its former attribute names. */
export function statementOf(span: SpanDetail): { text: string; key: string; system: string } | undefined {
  const key = ['db.query.text', 'db.statement'].find((name) => find(span.attributes, name));
  const text = key && find(span.attributes, key);
  if (!text) return undefined;
  return { text, key, system: find(span.attributes, 'db.system.name', 'db.system') ?? '' };
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
