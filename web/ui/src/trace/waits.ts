import type { TraceModel } from './model';

const PRODUCER = 4;
const CONSUMER = 5;

/** The row of the producer whose message a consumer works on: its parent, or a span that it is linked with; -1 for none. */
export function producerOf(model: TraceModel, row: number): number {
  if (model.kind[row] !== CONSUMER) return -1;
  const parent = model.parent[row] ?? -1;
  if (parent >= 0 && model.kind[parent] === PRODUCER) return parent;
  for (const link of model.linksOf.get(row) ?? []) {
    const other = model.rowOf.get(link.spanId) ?? -1;
    if (
      other >= 0 &&
      model.kind[other] === PRODUCER &&
      link.traceId === model.traceIds[model.trace[other] ?? 0]
    )
      return other;
  }
  return -1;
}

/** What queue a message went through: what the producer, or else the consumer, calls the peer. */
export function queueName(model: TraceModel, producer: number, consumer: number): string | undefined {
  return (
    model.peers[model.peer[producer] ?? -1] ??
    model.peers[model.peer[consumer] ?? -1] ??
    model.names[model.name[producer] ?? -1]
  );
}

/** By consumer: when its message was sent, nanoseconds after the trace's start. */
export function findWaits(model: TraceModel): Map<number, number> {
  const waits = new Map<number, number>();
  for (let row = 0; row < model.rows; row++) {
    const producer = producerOf(model, row);
    if (producer < 0) continue;
    const sent = (model.start[producer] ?? 0) + (model.duration[producer] ?? 0);
    if (sent < (model.start[row] ?? 0)) waits.set(row, sent);
  }
  return waits;
}
