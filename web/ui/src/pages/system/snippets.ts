import type { Info } from '../../api/client';

/** The address of a protocol as a URL; undefined where this server does not take it. */
export function endpointOf(ingest: Info['ingest'], protocol: string): string | undefined {
  const address = ingest.find((i) => i.protocol === protocol)?.address;
  if (!address) return undefined;
  return address.includes('://') ? address : `http://${address}`;
}

/** One span over OTLP/HTTP. The shell makes the ids and the time, so that every run is a new trace. */
export function curlSnippet(endpoint: string, authRequired: boolean): string {
  const auth = authRequired ? " -H 'Authorization: Bearer TOKEN'" : '';
  const span =
    '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},' +
    '"scopeSpans":[{"spans":[{"traceId":"\'$(openssl rand -hex 16)\'","spanId":"\'$(openssl rand -hex 8)\'",' +
    '"name":"first span","kind":2,"startTimeUnixNano":"\'$(date +%s)000000000\'","endTimeUnixNano":"\'$(date +%s)250000000\'"}]}]}]}';
  return `curl ${endpoint}/v1/traces -H 'Content-Type: application/json'${auth} -d '${span}'`;
}

/** What every OpenTelemetry SDK reads from its environment. */
export const sdkSnippet = (endpoint: string, authRequired: boolean) =>
  [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    ...(authRequired ? ['export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer TOKEN"'] : []),
    'export OTEL_SERVICE_NAME=my-service',
  ].join('\n');
