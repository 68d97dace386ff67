import { describe, expect, it } from 'vitest';
import { sampleTrace } from '../../e2e/sample-trace.mjs';
import { FLAG_PARENT_MISSING } from '../trace/model';
import { FileError, type FileProblem } from './fields';
import { readTraceFile } from './read';

const ID = '0af7651916cd43dd8448eb211c80319c';
const read = (document: unknown) => readTraceFile('x.json', JSON.stringify(document));
const problem = (document: unknown): FileProblem => {
  try {
    readTraceFile('x.json', typeof document === 'string' ? document : JSON.stringify(document));
  } catch (error) {
    if (error instanceof FileError) return error.problem;
    throw error;
  }
  throw new Error('it was read');
};
const otlp = (...spans: unknown[]) => ({
  resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: {}, spans }] }],
});
const span = {
  traceId: ID,
  spanId: '00000000000000aa',
  name: 'a',
  startTimeUnixNano: '1000',
  endTimeUnixNano: '3000',
};

describe('OTLP', () => {
  it('becomes the trace that is drawn, with all that its spans carry', () => {
    const file = read(sampleTrace(ID, 1_700_000_000_000));
    expect([file.format, file.traces.size]).toEqual(['otlp', 1]);
    const trace = file.traces.get(ID);
    if (!trace) throw new Error('no trace');
    const { model, spans } = trace;
    expect([model.spans, model.errors, model.depthMax, model.orphans]).toEqual([6, 4, 3, 0]);
    expect(model.durationNs).toBe(400_000_000);
    expect(model.startNs).toBe(1_699_999_999_600_000_000n);
    expect(model.serviceSpans.map((s) => `${s.name} ${s.spans}`)).toEqual([
      'sample-shop 3',
      'sample-mail 2',
      'sample-pay 1',
    ]);
    const query = spans.get('0000000000000002');
    expect([query?.category, query?.peer, query?.kind, query?.parentSpanId]).toEqual([
      'db',
      'shop@orders-db',
      'client',
      '0000000000000001',
    ]);
    const root = spans.get('0000000000000001');
    expect(root?.error).toEqual({ type: '*errors.errorString', message: 'charge failed' });
    const values = Object.fromEntries(root?.attributes.map((a) => [a.key, `${a.type} ${a.value}`]) ?? []);
    expect(values.big).toBe('int 9007199254740993');
    expect(values.ratio).toBe('double 0.25');
    expect(values.tags).toBe('json ["a",true]');
    expect(spans.get('0000000000000003')?.linkedFrom.map((l) => l.name)).toEqual(['process orders']);
  });

  it('takes names of enumerations, snake case, base64 ids, old groups and lines', () => {
    const old = {
      resource_spans: [
        {
          instrumentationLibrarySpans: [
            {
              instrumentationLibrary: { name: 'lib' },
              spans: [
                {
                  trace_id: 'CvdlGRbNQ92ESOshHIAxnA==',
                  span_id: 'AAAAAAAAAKo=',
                  parent_span_id: 'AAAAAAAAAAA=',
                  name: 'a',
                  kind: 'SPAN_KIND_SERVER',
                  start_time_unix_nano: 1000,
                  end_time_unix_nano: '500',
                  status: { code: 'STATUS_CODE_ERROR' },
                },
              ],
            },
          ],
        },
      ],
    };
    const one = read(old).traces.get(ID)?.spans.get('00000000000000aa');
    expect([
      one?.kind,
      one?.status,
      one?.scope.name,
      one?.durationNs,
      one?.parentSpanId,
      one?.service,
    ]).toEqual(['server', 'error', 'lib', 0, undefined, 'unknown_service']);
    const lines = `${JSON.stringify(otlp(span))}\n${JSON.stringify(otlp({ ...span, spanId: 'bb', parentSpanId: 'cc' }))}\n`;
    const model = readTraceFile('lines.jsonl', lines).traces.get(ID)?.model;
    expect([model?.spans, model?.orphans]).toEqual([2, 1]);
    expect(model?.flags.some((f) => (f & FLAG_PARENT_MISSING) !== 0)).toBe(true);
    expect(read({ batches: otlp(span).resourceSpans }).traces.size).toBe(1);
    expect(read({ trace: otlp(span) }).traces.size).toBe(1);
  });
});

describe('Jaeger', () => {
  const jaeger = {
    data: [
      {
        traceID: 'abc',
        spans: [
          {
            traceID: 'abc',
            spanID: '1',
            operationName: 'GET /',
            references: [],
            startTime: 1_700_000_000_000_001,
            duration: 5000,
            processID: 'p1',
            tags: [
              { key: 'span.kind', type: 'string', value: 'server' },
              { key: 'http.status_code', type: 'int64', value: 200 },
            ],
            logs: [],
          },
          {
            traceID: 'abc',
            spanID: '2',
            operationName: 'SELECT',
            references: [
              { refType: 'CHILD_OF', traceID: 'abc', spanID: '1' },
              { refType: 'FOLLOWS_FROM', traceID: 'def', spanID: '9' },
            ],
            startTime: 1_700_000_000_000_101,
            duration: 100,
            processID: 'p2',
            tags: [
              { key: 'error', type: 'bool', value: true },
              { key: 'db.system', type: 'string', value: 'mysql' },
            ],
            logs: [
              {
                timestamp: 1_700_000_000_000_150,
                fields: [
                  { key: 'event', type: 'string', value: 'exception' },
                  { key: 'exception.type', type: 'string', value: 'Broken' },
                ],
              },
            ],
          },
        ],
        processes: {
          p1: { serviceName: 'web', tags: [{ key: 'host', type: 'string', value: 'h' }] },
          p2: { serviceName: 'db-client' },
        },
      },
    ],
  };

  it('becomes the trace that is drawn', () => {
    const file = read(jaeger);
    const trace = file.traces.get('abc'.padStart(32, '0'));
    if (!trace) throw new Error('no trace');
    expect([file.format, trace.model.spans, trace.model.durationNs, trace.model.errors]).toEqual([
      'jaeger',
      2,
      5_000_000,
      1,
    ]);
    const failed = trace.spans.get('0000000000000002');
    expect(failed).toMatchObject({
      service: 'db-client',
      parentSpanId: '0000000000000001',
      status: 'error',
      category: 'db',
      durationNs: 100_000,
      error: { type: 'Broken' },
    });
    expect(failed?.events[0]?.name).toBe('exception');
    expect(failed?.links.map((l) => l.spanId)).toEqual(['0000000000000009']);
    const root = trace.spans.get('0000000000000001');
    expect(root?.startNs).toBe('1700000000000001000');
    expect(root?.attributes).toEqual([{ key: 'http.status_code', type: 'int', value: '200' }]);
    expect(root?.resource.attributes.map((a) => a.key)).toEqual(['host', 'service.name']);
  });

  it('takes one trace, a list of them, and an answer of one', () => {
    const [one] = jaeger.data;
    for (const form of [one, [one], { data: one }]) expect(read(form).traces.size).toBe(1);
  });

  it('names what is wrong', () => {
    const bad = structuredClone(jaeger) as { data: { spans: Record<string, unknown>[] }[] };
    Object.assign(bad.data[0]?.spans[1] ?? {}, { processID: 'p9' });
    expect(problem(bad)).toEqual({
      kind: 'field',
      path: 'data[0].spans[1].processID',
      want: 'process',
      got: '"p9"',
    });
  });
});

describe('bad files', () => {
  it('say what is wrong and where', () => {
    expect(problem('not json').kind).toBe('notJson');
    expect(problem('{"resourceSpans": [').kind).toBe('notJson');
    for (const other of [{}, [], null, 7, 'text', { spans: [] }])
      expect(problem(JSON.stringify(other)).kind).toBe('notTrace');
    expect(problem({ resourceSpans: [] }).kind).toBe('empty');
    expect(problem({ data: [] }).kind).toBe('empty');
    const at = 'resourceSpans[0].scopeSpans[0].spans[1]';
    const cases: [Record<string, unknown>, string, string, string][] = [
      [{ spanId: 'xyz' }, 'spanId', 'spanId', '"xyz"'],
      [{ traceId: undefined }, 'traceId', 'traceId', 'undefined'],
      [{ traceId: '0'.repeat(32) }, 'traceId', 'traceId', `"${'0'.repeat(32)}"`],
      [{ startTimeUnixNano: 'yesterday' }, 'startTimeUnixNano', 'nanoseconds', '"yesterday"'],
      [{ startTimeUnixNano: undefined }, 'startTimeUnixNano', 'nanoseconds', 'undefined'],
      [{ name: 7 }, 'name', 'text', '7'],
      [{ events: {} }, 'events', 'list', '{}'],
      [{ attributes: [{ key: 'a', value: 'b' }] }, 'attributes[0].value', 'object', '"b"'],
      [{ links: [{ traceId: ID, spanId: '' }] }, 'links[0].spanId', 'spanId', '""'],
    ];
    for (const [change, path, want, got] of cases)
      expect(problem(otlp(span, { ...span, ...change })), path).toEqual({
        kind: 'field',
        path: `${at}.${path}`,
        want,
        got,
      });
    expect(problem(otlp(span, 7))).toEqual({ kind: 'field', path: at, want: 'object', got: '7' });
  });
});

it('reads twenty thousand spans, one below the other', () => {
  const spans = Array.from({ length: 20_000 }, (_, i) => ({
    ...span,
    spanId: (i + 1).toString(16),
    ...(i > 0 && { parentSpanId: i.toString(16) }),
  }));
  expect(read(otlp(...spans)).traces.get(ID)?.model.depthMax).toBe(20_000);
});
