import type { Attribute, SpanDetail } from '../api/client';
import type { Field } from './fields';
import { complete, firstOf, KINDS } from './span';

/** Reads what Jaeger's query API answers and its page saves: traces with spans and their processes; times in microseconds. */
export function readJaeger(traces: readonly Field[]): SpanDetail[] {
  return traces.flatMap((trace) => {
    const processes = trace.object().at('processes');
    return trace
      .at('spans')
      .list()
      .map((span) => readSpan(span.object(), processes));
  });
}

const DERIVED = new Set(['span.kind', 'otel.status_code', 'otel.status_description', 'w3c.tracestate']);

function readSpan(span: Field, processes: Field): SpanDetail {
  const startField = span.at('startTime');
  const start = startField.integer('microseconds') ?? startField.fail('microseconds');
  const traceId = span.at('traceID', 'traceId').id('traceId');
  const tags = readTags(span.at('tags'));
  const { service, resource } = readProcess(span, processes);
  const references = span.at('references').list();
  const parents = references.filter(
    (one) =>
      one.at('refType').text() === 'CHILD_OF' && one.at('traceID', 'traceId').id('traceId') === traceId,
  );
  // Without a reference there may be the field that references replaced.
  const parent =
    parents[0]?.at('spanID', 'spanId').id('spanId') ?? span.at('parentSpanID').optionalId('spanId');
  const kind = KINDS.find((one) => one === firstOf(tags, 'span.kind')) ?? 'unspecified';
  return complete({
    traceId,
    spanId: span.at('spanID', 'spanId').id('spanId'),
    parentSpanId: parent,
    traceState: firstOf(tags, 'w3c.tracestate'),
    flags: span.at('flags').count(),
    name: span.at('operationName').text(),
    kind,
    startNs: String(start * 1000n),
    durationNs: Number(span.at('duration').integer('microseconds') ?? 0n) * 1000,
    status: statusOf(tags),
    statusMessage: firstOf(tags, 'otel.status_description'),
    service,
    attributes: tags.filter(({ key, value }) => !DERIVED.has(key) && !(key === 'error' && value === 'true')),
    resource,
    scope: {
      name: firstOf(tags, 'otel.scope.name', 'otel.library.name'),
      version: firstOf(tags, 'otel.scope.version', 'otel.library.version'),
      schemaUrl: '',
      attributes: [],
      droppedAttributes: 0,
    },
    events: span
      .at('logs')
      .list()
      .map((log) => readLog(log, start)),
    links: references
      .filter((one) => !parents.slice(0, 1).includes(one))
      .map((one) => ({
        traceId: one.at('traceID', 'traceId').id('traceId'),
        spanId: one.at('spanID', 'spanId').id('spanId'),
        traceState: '',
        flags: 0,
        attributes: [
          { key: 'opentracing.ref_type', type: 'string' as const, value: one.at('refType').text() },
        ],
        droppedAttributes: 0,
      })),
  });
}

function statusOf(tags: readonly Attribute[]): SpanDetail['status'] {
  const code = firstOf(tags, 'otel.status_code');
  if (code === 'ERROR' || firstOf(tags, 'error') === 'true') return 'error';
  return code === 'OK' ? 'ok' : 'unset';
}

/** The process stands in the span, or in the trace under the name that the span has. */
function readProcess(span: Field, processes: Field): Pick<SpanDetail, 'service' | 'resource'> {
  const own = span.at('process');
  const name = span.at('processID');
  const process = own.missing ? (processes.missing ? processes : processes.at(name.text())) : own;
  if (process.missing) return name.fail('process');
  const service = process.at('serviceName').text() || 'unknown_service';
  const attributes = readTags(process.at('tags'));
  const named: Attribute = { key: 'service.name', type: 'string', value: service };
  return {
    service,
    resource: {
      hash: '',
      schemaUrl: '',
      attributes: [...attributes, named].sort(byKey),
      droppedAttributes: 0,
    },
  };
}

const byKey = (a: Attribute, b: Attribute) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

const TYPES: Record<string, Attribute['type']> = {
  bool: 'bool',
  int64: 'int',
  float64: 'double',
  binary: 'bytes',
};

function readTags(list: Field): Attribute[] {
  return list
    .list()
    .map((tag): Attribute => {
      const { value } = tag.at('value');
      const type = TYPES[tag.at('type').text()] ?? 'string';
      return {
        key: tag.at('key').text(),
        type,
        value: typeof value === 'string' ? value : JSON.stringify(value ?? ''),
      };
    })
    .sort(byKey);
}

/** A log is an event: one of its fields is the name. */
function readLog(log: Field, start: bigint): SpanDetail['events'][number] {
  const fields = readTags(log.at('fields'));
  const name = firstOf(fields, 'event', 'message');
  return {
    timeNs: String((log.at('timestamp').integer('microseconds') ?? start) * 1000n),
    name: name || 'log',
    attributes: fields.filter(({ key }) => key !== 'event'),
    droppedAttributes: 0,
  };
}
