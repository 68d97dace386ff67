import type { components } from '../../api/schema';
import { differs } from './changes';

type TopologyNode = components['schemas']['TopologyNode'];
export type Matrix = components['schemas']['TopologyMatrix'];

/** What runs code of one's own; the rest of the map is what it calls. */
export const runsCode = ({ kind }: TopologyNode) => kind === 'service' || kind === 'function';

/** When a node failed most: from and to in milliseconds; undefined where it began or ended outside the time looked at. */
export type Bout = { rate: number; fromMs: number | undefined; toMs: number | undefined };

export type Ailing = { node: TopologyNode; bout: Bout };

/**
 * The stretch of steps in which a node failed: the one with the largest sum of errors above half the usual share of errors,
 * so that a short bout in a long window is found with its own share, its own start and end.
 */
export function worstBout(
  calls: readonly number[],
  errors: readonly number[],
  startMs: number,
  stepMs: number,
): Bout {
  const total = sum(calls, 0, calls.length);
  const usual = total === 0 ? 0 : sum(errors, 0, errors.length) / total / 2;
  let best = 0;
  let from = 0;
  let to = calls.length;
  let running = 0;
  let began = 0;
  for (let i = 0; i < calls.length; i++) {
    running += (errors[i] ?? 0) - usual * (calls[i] ?? 0);
    if (running <= 0) {
      running = 0;
      began = i + 1;
    } else if (running > best) {
      best = running;
      from = began;
      to = i + 1;
    }
  }
  const unlike = (a: number, b: number) =>
    differs(sum(errors, a, b), sum(calls, a, b), sum(errors, from, to), sum(calls, from, to));
  const before = from > 0 && unlike(0, from);
  const after = to < calls.length && unlike(to, calls.length);
  // What may differ by chance is no start, and no end.
  if (!before) from = 0;
  if (!after) to = calls.length;
  const inside = sum(calls, from, to);
  return {
    rate: inside === 0 ? 0 : sum(errors, from, to) / inside,
    fromMs: before ? startMs + from * stepMs : undefined,
    toMs: after ? startMs + to * stepMs : undefined,
  };
}

const sum = (values: readonly number[], from: number, to: number) => {
  let result = 0;
  for (let i = from; i < to; i++) result += values[i] ?? 0;
  return result;
};

/** How many services there are, and those that fail, the worst first: by share of errors, then by how many. */
export function triage(nodes: readonly TopologyNode[], matrix: Matrix) {
  const services = nodes.filter(runsCode);
  const rows = new Map(matrix.nodes.map((row) => [row.id, row]));
  const startMs = Number(BigInt(matrix.fromNs) / 1_000_000n);
  const of = (health: TopologyNode['health']): Ailing[] =>
    services
      .filter((node) => node.health === health)
      .sort((a, b) => b.errorRate - a.errorRate || b.errors - a.errors)
      .map((node) => {
        const row = rows.get(node.id);
        const bout = row && worstBout(row.calls, row.errors, startMs, matrix.stepNs / 1e6);
        return { node, bout: bout ?? { rate: node.errorRate, fromMs: undefined, toMs: undefined } };
      });
  return { services: services.length, bad: of('bad'), warn: of('warn') };
}
