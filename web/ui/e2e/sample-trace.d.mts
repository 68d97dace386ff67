/** OTLP JSON of one trace that ends at now, in milliseconds. */
export function sampleTrace(traceId: string, now: number): { resourceSpans: unknown[] };
export const STACKS: Record<'go' | 'python' | 'node' | 'java', string>;
