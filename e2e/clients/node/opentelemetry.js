// Sends traces through the stock @opentelemetry/sdk-node and prints what it sent, as a JSON array of spans.
//
//   node opentelemetry.js --service NAME --protocol json|proto --endpoint http://HOST:PORT/v1/traces
'use strict';

const { NodeSDK, tracing } = require('@opentelemetry/sdk-node');
const { trace, context, SpanKind, SpanStatusCode } = require('@opentelemetry/api');
const { str, int, double, bool, args } = require('./span');

const options = args();
const exporters = {
  json: () => require('@opentelemetry/exporter-trace-otlp-http'),
  proto: () => require('@opentelemetry/exporter-trace-otlp-proto'),
};
const { OTLPTraceExporter } = exporters[options.protocol]();

// The exporter reports failures only to its caller, so they are caught on their way back.
const exporter = new OTLPTraceExporter({ url: options.endpoint });
let failures = 0;
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    if (result.code !== 0) {
      failures++;
      console.error(result.error);
    }
    done(result);
  });

const sdk = new NodeSDK({
  serviceName: options.service,
  spanProcessors: [new tracing.BatchSpanProcessor(exporter)],
  instrumentations: [],
});
sdk.start();
const tracer = trace.getTracer('weft-e2e', '1.2.3');

function describe(span, name, kind, parent, attributes) {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: parent ? parent.spanContext().spanId : '',
    service: options.service,
    name,
    kind,
    status: 'unset',
    attributes,
    events: [],
    links: [],
  };
}

// checkout makes two traces: a request with a failing call and a message, and a consumer linked to that message.
function checkout(i) {
  const root = tracer.startSpan('POST /checkout', {
    kind: SpanKind.SERVER,
    attributes: {
      'http.method': 'POST',
      'http.status_code': 500,
      'cart.items': i + 1,
      'cart.total': 99.5,
      'cart.gift': true,
      'cart.tags': ['new', 'größer 你好'],
    },
  });
  const inRoot = trace.setSpan(context.active(), root);
  const call = tracer.startSpan('charge', { kind: SpanKind.CLIENT, attributes: { 'peer.service': 'bank' } }, inRoot);
  call.addEvent('attempt', { number: 1, waited: 0.25 });
  call.recordException({ name: 'BankError', message: 'no funds', stack: 'BankError: no funds\n    at charge' });
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'no funds' });
  call.end();
  const producer = tracer.startSpan('receipts publish', { kind: SpanKind.PRODUCER }, inRoot);
  producer.end();
  root.setStatus({ code: SpanStatusCode.OK });
  root.end();
  const consumer = tracer.startSpan('receipts process', {
    kind: SpanKind.CONSUMER,
    links: [{ context: producer.spanContext(), attributes: { 'link.index': 7 } }],
  });
  consumer.end();

  const sent = [
    describe(root, 'POST /checkout', 'server', null, {
      'http.method': str('POST'),
      'http.status_code': int(500),
      'cart.items': int(i + 1),
      'cart.total': double(99.5),
      'cart.gift': bool(true),
      'cart.tags': { arrayValue: { values: [str('new'), str('größer 你好')] } },
    }),
    describe(call, 'charge', 'client', root, { 'peer.service': str('bank') }),
    describe(producer, 'receipts publish', 'producer', root, {}),
    describe(consumer, 'receipts process', 'consumer', null, {}),
  ];
  sent[0].status = 'ok';
  sent[1].status = 'error';
  sent[1].events = [
    { name: 'attempt', attributes: { number: int(1), waited: double(0.25) } },
    {
      name: 'exception',
      attributes: {
        'exception.type': str('BankError'),
        'exception.message': str('no funds'),
        'exception.stacktrace': str('BankError: no funds\n    at charge'),
      },
    },
  ];
  sent[3].links = [{ traceId: sent[2].traceId, spanId: sent[2].spanId, attributes: { 'link.index': int(7) } }];
  return sent;
}

async function main() {
  const sent = [];
  for (let i = 0; i < Number(options.traces ?? 3); i++) {
    sent.push(...checkout(i));
  }
  await sdk.shutdown();
  if (failures > 0) {
    throw new Error(`the client reported ${failures} errors`);
  }
  console.log(JSON.stringify(sent));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
