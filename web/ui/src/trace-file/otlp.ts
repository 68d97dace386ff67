import type { Attribute, SpanDetail } from '../api/client';
import type { Field } from './fields';
import { complete, firstOf, KINDS, STATUSES } from './span';

/** Nanoseconds; a span that ends before it starts lasts none. */
function length(start: bigint, end: bigint): number {
  return end > start ? Number(end - start) : 0;
}

/**
 * Reads OTLP JSON: TracesData, and what Tempo answers, whose list is called batches. Ids may be base64, names in snake
 * case, numbers text; and resources may have been grouped by instrumentation library, as they were before 2022.
 */
export function readOtlp(document: Field): SpanDetail[] {
  const spans: SpanDetail[] = [];
  for (const group of document.at('resourceSpans', 'resource_spans', 'batches').list()) {
    const from = group.object().at('resource');
    const attributes = from.missing ? [] : readAttributes(from.at('attributes'));
    const resource = {
      hash: '',
      schemaUrl: group.at('schemaUrl', 'schema_url').text(),
      attributes,
      droppedAttributes: from.missing
        ? 0
        : from.at('droppedAttributesCount', 'dropped_attributes_count').count(),
    };
    const service = firstOf(attributes, 'service.name') || 'unknown_service';
    const scopes = group.at('scopeSpans', 'scope_spans', 'instrumentationLibrarySpans').list();
    for (const part of scopes) {
      const by = part.object().at('scope', 'instrumentationLibrary');
      const scope = {
        name: by.missing ? '' : by.at('name').text(),
        version: by.missing ? '' : by.at('version').text(),
        schemaUrl: part.at('schemaUrl', 'schema_url').text(),
        attributes: by.missing ? [] : readAttributes(by.at('attributes')),
        droppedAttributes: 0,
      };
      for (const span of part.at('spans').list())
        spans.push(readSpan(span.object(), { resource, scope, service }));
    }
  }
  return spans;
}

type Origin = Pick<SpanDetail, 'resource' | 'scope' | 'service'>;

function readSpan(span: Field, origin: Origin): SpanDetail {
  const startField = span.at('startTimeUnixNano', 'start_time_unix_nano');
  const start = startField.integer('nanoseconds') ?? startField.fail('nanoseconds');
  const end = span.at('endTimeUnixNano', 'end_time_unix_nano').integer('nanoseconds') ?? start;
  const status = span.at('status');
  return complete({
    ...origin,
    traceId: span.at('traceId', 'trace_id').id('traceId'),
    spanId: span.at('spanId', 'span_id').id('spanId'),
    parentSpanId: span.at('parentSpanId', 'parent_span_id').optionalId('spanId'),
    traceState: span.at('traceState', 'trace_state').text(),
    flags: span.at('flags').count(),
    name: span.at('name').text(),
    kind: enumeration(span.at('kind'), 'SPAN_KIND_', KINDS),
    startNs: String(start),
    durationNs: length(start, end),
    status: status.missing ? 'unset' : enumeration(status.at('code'), 'STATUS_CODE_', STATUSES),
    statusMessage: status.missing ? '' : status.at('message').text(),
    attributes: readAttributes(span.at('attributes')),
    events: span
      .at('events')
      .list()
      .map((event) => ({
        timeNs: String(event.at('timeUnixNano', 'time_unix_nano').integer('nanoseconds') ?? start),
        name: event.at('name').text(),
        attributes: readAttributes(event.at('attributes')),
        droppedAttributes: event.at('droppedAttributesCount').count(),
      })),
    links: span
      .at('links')
      .list()
      .map((link) => ({
        traceId: link.at('traceId', 'trace_id').id('traceId'),
        spanId: link.at('spanId', 'span_id').id('spanId'),
        traceState: link.at('traceState', 'trace_state').text(),
        flags: link.at('flags').count(),
        attributes: readAttributes(link.at('attributes')),
        droppedAttributes: link.at('droppedAttributesCount').count(),
      })),
    dropped: {
      attributes: span.at('droppedAttributesCount').count(),
      events: span.at('droppedEventsCount').count(),
      links: span.at('droppedLinksCount').count(),
    },
  });
}

/** A number, or its name; what the protocol does not define is the first. */
function enumeration<T extends string>(field: Field, prefix: string, names: readonly T[]): T {
  const { value } = field;
  if (typeof value === 'string' && value.startsWith(prefix)) {
    const name = value.slice(prefix.length).toLowerCase();
    return names.find((one) => one === name) ?? (names[0] as T);
  }
  return names[field.count()] ?? (names[0] as T);
}

export function readAttributes(list: Field): Attribute[] {
  const attributes = list.list().map((one) => ({ key: one.at('key').text(), ...readValue(one.at('value')) }));
  return attributes.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

type Value = Pick<Attribute, 'type' | 'value'>;

/** An AnyValue as the API spells values. */
function readValue(field: Field): Value {
  if (field.missing) return { type: 'empty', value: '' };
  const members = field.object().value as Record<string, unknown>;
  const [name] = Object.keys(members);
  if (name === undefined) return { type: 'empty', value: '' };
  const inner = field.at(name);
  switch (name) {
    case 'stringValue':
    case 'string_value':
      return { type: 'string', value: inner.text() };
    case 'intValue':
    case 'int_value':
      return { type: 'int', value: String(inner.integer() ?? 0n) };
    case 'doubleValue':
    case 'double_value':
      return { type: 'double', value: String(inner.value) };
    case 'boolValue':
    case 'bool_value':
      return { type: 'bool', value: String(inner.value === true) };
    case 'bytesValue':
    case 'bytes_value':
      return { type: 'bytes', value: inner.text() };
    default:
      return { type: 'json', value: JSON.stringify(plain(members)) };
  }
}

/** An AnyValue as plain JSON. Deeper ones than anybody writes are left as they are, so that no file can exhaust the stack. */
function plain(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 50) return value;
  const any = value as Record<string, unknown>;
  const values = (list: unknown) =>
    (((list as { values?: unknown })?.values ?? []) as unknown[]).filter(Boolean);
  const array = any.arrayValue ?? any.array_value;
  if (array !== undefined) return values(array).map((one) => plain(one, depth + 1));
  const pairs = any.kvlistValue ?? any.kvlist_value;
  if (pairs !== undefined) {
    return Object.fromEntries(
      values(pairs).map((pair) => {
        const { key, value: inner } = pair as { key?: unknown; value?: unknown };
        return [String(key ?? ''), plain(inner, depth + 1)];
      }),
    );
  }
  return Object.values(any)[0] ?? null;
}
