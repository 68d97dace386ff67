// Sends traces through the stock npm jaeger-client and prints what it sent, as a JSON array of spans.
//
//   node jaeger.js --service NAME --agent HOST:PORT     over UDP, thrift binary (port 6832 as it stands)
//   node jaeger.js --service NAME --collector URL       over HTTP, thrift binary
'use strict';

const { initTracer } = require('jaeger-client');
const { Tags, followsFrom, childOf } = require('opentracing');
const { str, double, bool, args } = require('./span');

const options = args();
const reporter = { flushIntervalMs: 100 };
if (options.agent) {
  const colon = options.agent.lastIndexOf(':');
  reporter.agentHost = options.agent.slice(0, colon);
  reporter.agentPort = Number(options.agent.slice(colon + 1));
} else {
  reporter.collectorEndpoint = options.collector;
}

let failures = 0;
const logger = {
  info() {},
  error(message) {
    failures++;
    console.error(message);
  },
};
const tracer = initTracer(
  { serviceName: options.service, sampler: { type: 'const', param: 1 }, reporter },
  { logger, traceId128bit: true, tags: { 'deployment.zone': 'zone-1' } },
);

const hex = (buffer, digits) => (buffer ? buffer.toString('hex').padStart(digits, '0') : '');

function describe(span, name, kind, attributes) {
  const context = span.context();
  return {
    traceId: hex(context.traceId, 32),
    spanId: hex(context.spanId, 16),
    parentSpanId: hex(context.parentId, 16),
    service: options.service,
    name,
    kind,
    status: 'unset',
    attributes,
    events: [],
    links: [],
  };
}

// page makes one trace of three spans: a server span, a failing client call, and work that follows from that call.
function page(i) {
  const root = tracer.startSpan('GET /page', { tags: { [Tags.SPAN_KIND]: 'server' } });
  root.setTag(Tags.HTTP_METHOD, 'GET');
  root.setTag('page.number', i); // this client knows one kind of number: double
  root.setTag('page.ratio', 0.5);
  root.setTag('page.cached', false);
  root.setTag('page.title', 'größer 你好');

  const call = tracer.startSpan('GET upstream', { childOf: root, tags: { [Tags.SPAN_KIND]: 'client' } });
  call.setTag(Tags.ERROR, true);
  call.log({ event: 'error', message: 'timed out', attempt: 2 });
  call.finish();

  const later = tracer.startSpan('refresh', { references: [childOf(root.context()), followsFrom(call.context())] });
  later.finish();
  root.finish();

  const sent = [
    describe(root, 'GET /page', 'server', {
      'http.method': str('GET'),
      'page.number': double(i),
      'page.ratio': double(0.5),
      'page.cached': bool(false),
      'page.title': str('größer 你好'),
      // The client notes on the first span of a trace how it was sampled.
      'sampler.type': str('const'),
      'sampler.param': bool(true),
    }),
    describe(call, 'GET upstream', 'client', {}),
    describe(later, 'refresh', 'unspecified', {}),
  ];
  sent[1].status = 'error';
  sent[1].events = [{ name: 'error', attributes: { message: str('timed out'), attempt: double(2) } }];
  sent[2].links = [{ traceId: sent[1].traceId, spanId: sent[1].spanId }];
  return sent;
}

const sent = [];
for (let i = 0; i < Number(options.traces ?? 3); i++) {
  sent.push(...page(i));
}
tracer.close(() => {
  if (failures > 0) {
    console.error(`the client reported ${failures} errors`);
    process.exit(1);
  }
  process.stdout.write(`${JSON.stringify(sent)}\n`, () => process.exit(0));
});
