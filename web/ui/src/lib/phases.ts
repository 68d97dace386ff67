import type { InitPhase } from '../api/functions';

/** A phase in the picture of a mean cold start: where it begins and how long it is, in nanoseconds of the whole. */
export type PlacedPhase = { phase: InitPhase; fromNs: number; widthNs: number; share: number };

/** A phase's mean over all cold starts of the sample: one that only some have counts as nothing in the others. */
const weight = (phase: InitPhase, starts: number) => (phase.meanNs * phase.starts) / Math.max(1, starts);

/**
 * Puts phases, which come in the order in which they begin, below each other by depth and beside each other within the
 * phase above. A phase's children begin with it and follow one another; means of phases that ran at once may run out of
 * their parent, and are then made narrower together.
 */
export function placePhases(phases: readonly InitPhase[]): PlacedPhase[][] {
  const whole = phases.filter(({ depth }) => depth === 0);
  const starts = Math.max(1, ...whole.map((phase) => phase.starts), ...phases.map((phase) => phase.starts));
  const totalNs = whole.reduce((sum, phase) => sum + weight(phase, starts), 0);
  const rows: PlacedPhase[][] = [];
  const parents: (PlacedPhase | undefined)[] = [];
  const families = new Map<PlacedPhase | undefined, PlacedPhase[]>();
  for (const phase of phases) {
    const placed = { phase, fromNs: 0, widthNs: weight(phase, starts), share: 0 };
    const parent = phase.depth > 0 ? parents[phase.depth - 1] : undefined;
    parents[phase.depth] = placed;
    families.set(parent, [...(families.get(parent) ?? []), placed]);
    const row = rows[phase.depth] ?? [];
    row.push(placed);
    rows[phase.depth] = row;
  }
  // Parents come before their children, so their places are known.
  for (const [parent, children] of families) {
    const sum = children.reduce((total, child) => total + child.widthNs, 0);
    const room = parent ? parent.widthNs : sum;
    const scale = sum > room && sum > 0 ? room / sum : 1;
    let at = parent?.fromNs ?? 0;
    for (const child of children) {
      child.fromNs = at;
      child.widthNs *= scale;
      child.share = totalNs > 0 ? child.widthNs / totalNs : 0;
      at += child.widthNs;
    }
  }
  return rows.map((row) => row ?? []);
}
