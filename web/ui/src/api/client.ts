import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type Problem = components['schemas']['Problem'];
export type TraceSummary = components['schemas']['TraceSummary'];
export type SpanDetail = components['schemas']['SpanDetail'];
export type Attribute = components['schemas']['Attribute'];
export type Log = components['schemas']['Log'];
export type Health = components['schemas']['Health'];
export type Stats = components['schemas']['Stats'];
export type Info = components['schemas']['Info'];
export type Session = components['schemas']['Session'];

/** Where this page was served from, without a trailing slash: everything else hangs below it. */
export const basePath = () => new URL(document.baseURI).pathname.replace(/\/+$/, '');

/** An answer that is not a success, or none at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
    readonly url: string,
  ) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.name = 'ApiError';
  }

  /** What a bug report needs, as text. */
  details(): string {
    return JSON.stringify({ url: this.url, status: this.status, ...this.problem }, null, 2);
  }
}

export const client = () =>
  createClient<paths>({ baseUrl: new URL(basePath() || '/', document.baseURI).href.replace(/\/+$/, '') });

type Answer<T> = { data?: T; error?: unknown; response: Response };

export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(
      0,
      { title: cause instanceof Error ? cause.message : String(cause) },
      document.baseURI,
    );
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  const problem =
    typeof error === 'object' && error !== null
      ? (error as Partial<Problem>)
      : { title: response.statusText };
  throw new ApiError(response.status, problem, response.url);
}

export type SearchRequest = NonNullable<paths['/api/v1/traces']['get']['parameters']['query']>;

type Signal = { signal?: AbortSignal };

export const api = {
  services: async ({ signal }: Signal) =>
    (await unwrap(client().GET('/api/v1/services', { signal: signal ?? null }))).services,

  operations: async (service: string, { signal }: Signal) => {
    const query = service === '' ? {} : { service };
    return (await unwrap(client().GET('/api/v1/operations', { params: { query }, signal: signal ?? null })))
      .operations;
  },

  attributeKeys: async (prefix: string, { signal }: Signal) =>
    (
      await unwrap(
        client().GET('/api/v1/attributes', {
          params: { query: { prefix, limit: 50 } },
          signal: signal ?? null,
        }),
      )
    ).attributes,

  attributeValues: async (key: string, prefix: string, { signal }: Signal) => {
    const params = { path: { key }, query: { prefix, limit: 50 } };
    return (await unwrap(client().GET('/api/v1/attributes/{key}/values', { params, signal: signal ?? null })))
      .values;
  },

  searchTraces: (query: SearchRequest, { signal }: Signal) =>
    unwrap(client().GET('/api/v1/traces', { params: { query }, signal: signal ?? null })),

  trace: async (traceId: string, { signal }: Signal) => {
    // Of a large trace the columns that the tree is not made of are a tenth of the answer.
    const without: ('subtree' | 'depth' | 'scope' | 'resource')[] = ['subtree', 'depth', 'scope', 'resource'];
    const params = { path: { traceId }, query: { format: 'compact' as const, without } };
    const answer = await unwrap(client().GET('/api/v1/traces/{traceId}', { params, signal: signal ?? null }));
    return answer as components['schemas']['CompactTrace'];
  },

  /** cut keeps the first so many bytes of each value; 0 is all of them. */
  span: (traceId: string, spanId: string, cut: number, { signal }: Signal) =>
    unwrap(
      client().GET('/api/v1/traces/{traceId}/spans/{spanId}', {
        params: { path: { traceId, spanId }, query: cut > 0 ? { cut } : {} },
        signal: signal ?? null,
      }),
    ),

  stats: ({ signal }: Signal) => unwrap(client().GET('/api/v1/stats', { signal: signal ?? null })),
  info: ({ signal }: Signal) => unwrap(client().GET('/api/v1/info', { signal: signal ?? null })),
  session: ({ signal }: Signal) => unwrap(client().GET('/api/v1/session', { signal: signal ?? null })),
  signIn: (token: string) => unwrap(client().POST('/api/v1/session', { body: { token } })),
  signOut: () => unwrap(client().DELETE('/api/v1/session')),
};

/** Address of the whole trace as OTLP JSON, relative to the page's base. */
export const otlpHref = (traceId: string) => `${basePath()}/api/v1/traces/${traceId}`;

/** Address of the whole trace as Jaeger JSON. */
export const jaegerHref = (traceId: string) => `${basePath()}/api/traces/${traceId}`;

/** Address of the CPU profile of a span as pprof. */
export const profileHref = (traceId: string, spanId: string) =>
  `${basePath()}/api/v1/profiles/${traceId}/${spanId}?format=pprof`;
