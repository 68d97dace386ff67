// Loaded before anything else: the stock OpenTelemetry set-up. Where spans go, and as whom, is in OTEL_* variables.
'use strict';

const { NodeSDK, tracing } = require('@opentelemetry/sdk-node');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');

// What was handed to the exporter, by trace; the supervisor compares. See counts.go.
const counts = {};
const counter = {
  onStart() {},
  onEnd(span) {
    const { traceId, traceFlags } = span.spanContext();
    if (traceFlags & 1) counts[traceId] = (counts[traceId] ?? 0) + 1;
  },
  shutdown: async () => {},
  forceFlush: async () => {},
};
const report = JSON.parse(process.env.SHOP_SERVICE ?? '{}').report ?? false;

const untraced = ['/healthz', '/faults'];
const sdk = new NodeSDK({
  spanProcessors: [new tracing.BatchSpanProcessor(new OTLPTraceExporter()), ...(report ? [counter] : [])],
  instrumentations: [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (req) => untraced.includes(req.url),
      ignoreOutgoingRequestHook: (opts) => opts.path?.startsWith('/v1/') ?? false,
    }),
  ],
  // Metrics and logs are the Go services' part.
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

module.exports = { shutdown: () => sdk.shutdown(), counts, report };
