import type { components } from '../../api/schema';

type TopologyNode = components['schemas']['TopologyNode'];
export type Matrix = components['schemas']['TopologyMatrix'];

/** What runs code of one's own; the rest of the map is what it calls. */
export const runsCode = ({ kind }: TopologyNode) => kind === 'service' || kind === 'function';

/** When a node failed most: from and to in milliseconds; undefined where it began or ended outside the time looked at. */
export type Bout = { rate: number; fromMs: number | undefined; toMs: number | undefined };

export type Ailing = { node: TopologyNode; bout: Bout };

/**
 * The stretch of steps in which a node failed: the one with the largest sum of errors above half the usual share of errors,
 * so that a short bout in a long window is found with its own share and its own start.
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
  const inside = sum(calls, from, to);
  // The first and last steps with calls are where knowledge ends; a bout that reaches them may have begun or go on beyond.
  const first = calls.findIndex((n) => n > 0);
  const last = calls.findLastIndex((n) => n > 0);
  return {
    rate: inside === 0 ? 0 : sum(errors, from, to) / inside,
    fromMs: from <= first ? undefined : startMs + from * stepMs,
    toMs: to >= last ? undefined : startMs + to * stepMs,
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
