import type { SpanDetail } from '../api/client';
import { buildTrace, type TraceModel } from '../trace/model';
import { compactOf } from './compact';
import { Field, FileError } from './fields';
import { readJaeger } from './jaeger';
import { readOtlp } from './otlp';

/** Larger files do not fit into a page. Bytes. */
export const MOST_BYTES = 256 * 1024 * 1024;

export type FileFormat = 'otlp' | 'jaeger';

/** A trace of a file, as drawn, with what its spans carry. */
export type FileTrace = { model: TraceModel; spans: Map<string, SpanDetail> };

export type OpenedFile = { name: string; format: FileFormat; traces: Map<string, FileTrace> };

/** Reads a file of OTLP or Jaeger JSON. Throws a FileError that says what is wrong and where. */
export function readTraceFile(name: string, text: string): OpenedFile {
  const documents = parse(text);
  const formats = documents.map(formatOf);
  const format = formats[0];
  if (format === undefined || formats.some((one) => one !== format))
    throw new FileError({ kind: 'notTrace' });
  const spans = documents.flatMap((document, i) => {
    // A file of lines has the line in the path.
    const root = new Field(document, documents.length > 1 ? `line ${i + 1}` : '');
    return format === 'otlp' ? readOtlp(otlpRoot(root)) : readJaeger(jaegerTraces(root));
  });
  if (spans.length === 0) throw new FileError({ kind: 'empty' });
  const byTrace = new Map<string, SpanDetail[]>();
  for (const span of spans) {
    const list = byTrace.get(span.traceId);
    if (list) list.push(span);
    else byTrace.set(span.traceId, [span]);
  }
  linkBack(spans);
  const traces = new Map<string, FileTrace>();
  for (const [traceId, list] of byTrace) {
    traces.set(traceId, {
      model: buildTrace(compactOf(traceId, list)),
      spans: new Map(list.map((span) => [span.spanId, span])),
    });
  }
  return { name, format, traces };
}

/** One document, or one on each line, as the collector's file exporter writes them. */
function parse(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const detail = error instanceof Error ? error.message : String(error);
    if (lines.length < 2) throw new FileError({ kind: 'notJson', detail });
    try {
      return lines.map((line) => JSON.parse(line));
    } catch {
      throw new FileError({ kind: 'notJson', detail });
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function formatOf(document: unknown): FileFormat | undefined {
  const one = Array.isArray(document) ? document[0] : document;
  if (!isObject(one)) return undefined;
  if ('data' in one || ('spans' in one && ('processes' in one || 'traceID' in one))) return 'jaeger';
  const inner = isObject(one.trace) ? one.trace : one;
  return 'resourceSpans' in inner || 'resource_spans' in inner || 'batches' in inner ? 'otlp' : undefined;
}

/** Tempo's second API has the trace one level further in. */
const otlpRoot = (root: Field): Field => {
  const one = Array.isArray(root.value) ? (root.list()[0] ?? root) : root;
  return isObject(one.value) && isObject(one.value.trace) ? one.at('trace') : one;
};

function jaegerTraces(root: Field): Field[] {
  if (Array.isArray(root.value)) return root.list();
  const data = root.at('data');
  if (data.missing) return [root];
  return Array.isArray(data.value) ? data.list() : [data];
}

/** What the server finds in its store: which spans of the file name a span. */
function linkBack(spans: readonly SpanDetail[]) {
  const key = (traceId: string, spanId: string) => `${traceId} ${spanId}`;
  const known = new Map(spans.map((span) => [key(span.traceId, span.spanId), span]));
  for (const span of spans) {
    for (const link of span.links) {
      known.get(key(link.traceId, link.spanId))?.linkedFrom.push({
        traceId: span.traceId,
        spanId: span.spanId,
        startNs: span.startNs,
        service: span.service,
        name: span.name,
      });
    }
  }
}
