import type { TraceModel } from './model';
import { producerOf, queueName } from './waits';

/** A time in which no span runs, nanoseconds after the trace's start. */
export type Gap = { from: number; to: number };

const LEAST_SHARE = 0.05;
/** What is left of each gap, as a part of the time that is not gap. */
const SHOWN_SHARE = 0.04;

/** The times of at least 5 % of the trace in which nothing runs, by time. */
export function findGaps(model: TraceModel): Gap[] {
  const least = model.durationNs * LEAST_SHARE;
  const byStart = Uint32Array.from({ length: model.rows }, (_, row) => row)
    .filter((row) => (model.service[row] ?? -1) >= 0)
    .sort((a, b) => (model.start[a] ?? 0) - (model.start[b] ?? 0));
  const gaps: Gap[] = [];
  let until = 0;
  for (const row of byStart) {
    const start = model.start[row] ?? 0;
    if (start - until >= least && start > until) gaps.push({ from: until, to: start });
    until = Math.max(until, start + (model.duration[row] ?? 0));
  }
  return gaps;
}

/**
 * A time scale that makes gaps short: shown time is real time, less of it within gaps. It rises everywhere, so every
 * shown instant is one real instant and back.
 */
export class GapScale {
  private readonly real: number[] = [0];
  private readonly shown: number[] = [0];

  constructor(
    readonly gaps: readonly Gap[],
    durationNs: number,
  ) {
    const idle = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const short = Math.max(1, (durationNs - idle) * SHOWN_SHARE);
    for (const gap of gaps) {
      this.add(gap.from, 1);
      this.add(gap.to, Math.min(1, short / Math.max(1, gap.to - gap.from)));
    }
    this.add(durationNs, 1);
  }

  private add(real: number, rate: number): void {
    const at = this.real.length - 1;
    const by = real - (this.real[at] ?? 0);
    if (by <= 0) return;
    this.real.push(real);
    this.shown.push((this.shown[at] ?? 0) + by * rate);
  }

  toShown(ns: number): number {
    return convert(this.real, this.shown, ns);
  }

  toReal(shown: number): number {
    return convert(this.shown, this.real, shown);
  }
}

/** Where on a strip of the whole trace an instant stands, 0 to 1; without a scale in proportion. */
export const toShare = (ns: number, durationNs: number, scale: GapScale | undefined): number =>
  scale ? scale.toShown(ns) / Math.max(1, scale.toShown(durationNs)) : ns / Math.max(1, durationNs);

/** The instant at a share of the strip. */
export const ofShare = (share: number, durationNs: number, scale: GapScale | undefined): number =>
  scale ? scale.toReal(share * scale.toShown(durationNs)) : share * durationNs;

/** Linear between the knots, and beyond them as steep as between the outermost. */
function convert(from: readonly number[], to: readonly number[], value: number): number {
  const n = from.length;
  if (n < 2) return value;
  let [low, high] = [0, n - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  const [a, b] = [from[low] ?? 0, from[high] ?? 0];
  const [x, y] = [to[low] ?? 0, to[high] ?? 0];
  return x + ((value - a) / (b - a)) * (y - x);
}

/** What a gap waited for: the queue between a producer before it and the consumer that begins at its end. */
export function queueOf(model: TraceModel, gap: Gap): string | undefined {
  const near = Math.max(1, (gap.to - gap.from) * 0.02);
  for (const consumer of model.waits.keys()) {
    if (Math.abs((model.start[consumer] ?? 0) - gap.to) > near) continue;
    const queue = queueName(model, producerOf(model, consumer), consumer);
    if (queue) return queue;
  }
  return undefined;
}
