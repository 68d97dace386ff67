import type { Attribute, SpanDetail } from '../api/client';

/** What a span has before anything is derived from it. */
export type Read = Pick<
  SpanDetail,
  | 'traceId'
  | 'spanId'
  | 'traceState'
  | 'flags'
  | 'name'
  | 'kind'
  | 'startNs'
  | 'durationNs'
  | 'status'
  | 'statusMessage'
  | 'attributes'
  | 'resource'
  | 'scope'
  | 'events'
  | 'links'
> & {
  parentSpanId: string;
  service: string;
  dropped?: { attributes: number; events: number; links: number };
};

export const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export const STATUSES = ['unset', 'ok', 'error'] as const;

/** The value of the first of some attributes that is there; "" for none. */
export function firstOf(attributes: readonly Attribute[], ...keys: string[]): string {
  for (const key of keys) {
    const value = attributes.find((a) => a.key === key)?.value;
    if (value) return value;
  }
  return '';
}

/** Adds what the server derives from a stored span: category, peer and error. */
export function complete({ parentSpanId, dropped, ...span }: Read): SpanDetail {
  const { attributes, events, kind, status } = span;
  const exception = events.findLast((e) => e.name === 'exception')?.attributes ?? [];
  const category = categoryOf(attributes, kind);
  return {
    ...span,
    ...(parentSpanId !== '' && { parentSpanId }),
    category,
    peer: peerOf(attributes, kind, category),
    ...(status === 'error' && {
      error: {
        type: firstOf(exception, 'exception.type') || firstOf(attributes, 'error.type'),
        message: firstOf(exception, 'exception.message') || span.statusMessage,
      },
    }),
    droppedAttributes: dropped?.attributes ?? 0,
    droppedEvents: dropped?.events ?? 0,
    droppedLinks: dropped?.links ?? 0,
    linkedFrom: [],
    logs: [],
  };
}

function categoryOf(attributes: readonly Attribute[], kind: SpanDetail['kind']): string {
  const has = (...keys: string[]) => firstOf(attributes, ...keys) !== '';
  if (has('db.system.name', 'db.system')) return 'db';
  if (kind === 'server' && has('faas.trigger', 'faas.invocation_id', 'faas.coldstart')) return 'faas';
  if (kind === 'producer' || kind === 'consumer' || has('messaging.system')) return 'messaging';
  if (kind === 'server') return 'server';
  return kind === 'client' ? 'client' : 'internal';
}

function peerOf(attributes: readonly Attribute[], kind: SpanDetail['kind'], category: string): string {
  const host = firstOf(attributes, 'server.address', 'net.peer.name', 'network.peer.address');
  if (category === 'db') {
    const name =
      firstOf(attributes, 'db.namespace', 'db.name') || firstOf(attributes, 'db.system.name', 'db.system');
    return host === '' ? name : name === '' ? host : `${name}@${host}`;
  }
  const calls = kind === 'client' || kind === 'producer';
  if (!calls && kind !== 'consumer') return '';
  const destination = firstOf(attributes, 'messaging.destination.name', 'messaging.destination');
  if (destination !== '' || !calls) return destination;
  return firstOf(attributes, 'peer.service', 'faas.invoked_name') || host;
}
