import type { Comparison } from '../../api/overview';
import type { components } from '../../api/schema';
import { runsCode } from './health';

type TopologyNode = components['schemas']['TopologyNode'];

/** A function or service now and before; cold starts are those of all invocations, sampled or not. */
export type ServiceRow = {
  now: TopologyNode;
  before: TopologyNode | undefined;
  perSecond: number;
  perSecondBefore: number;
  cold: number;
  coldShare: number;
};

/** One row a function or service. before is undefined where there is nothing to compare with. */
export function serviceRows(
  nodes: readonly TopologyNode[],
  seconds: number,
  comparison: Comparison | undefined,
): ServiceRow[] {
  const before = new Map(comparison?.nodesBefore.map((node) => [node.id, node]));
  const functions = new Map(comparison?.functionsNow.map((one) => [one.name, one]));
  return nodes.filter(runsCode).map((now) => {
    const old = before.get(now.id);
    const run = now.kind === 'function' ? functions.get(now.name) : undefined;
    return {
      now,
      before: old,
      perSecond: now.calls / seconds,
      perSecondBefore: (old?.calls ?? 0) / seconds,
      cold: run?.coldStarts ?? now.coldStarts,
      coldShare: run?.coldShare ?? (now.calls === 0 ? 0 : now.coldStarts / now.calls),
    };
  });
}

/** Calls below which a difference says nothing. */
const ENOUGH = 20;
/** The least relative difference that is worth a word. */
const LEAST = 0.1;

/** By which share a value grew or shrank; undefined when that is not worth a word. */
export function growth(now: number, before: number, calls: number, callsBefore: number): number | undefined {
  if (before <= 0 || Math.min(calls, callsBefore) < ENOUGH) return undefined;
  const share = now / before - 1;
  return Math.abs(share) < LEAST ? undefined : share;
}
