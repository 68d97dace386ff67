import type { components } from '../../api/schema';

type TopologyDiff = components['schemas']['TopologyDiff'];
type DiffEdge = TopologyDiff['edges'][number];
type FunctionStats = components['schemas']['FunctionStats'];

type EdgeKind =
  | 'errors'
  | 'slower'
  | 'newEdge'
  | 'goneEdge'
  | 'fewerErrors'
  | 'faster'
  | 'busier'
  | 'quieter';

/** What calls of one target have in common; the edge is the one that weighs most of them. */
export type EdgeChange = { kind: EdgeKind; edge: DiffEdge; sources: readonly string[]; weight: number };

export type FunctionChange =
  | { kind: 'newFunction'; name: string; invocations: number; weight: number }
  | { kind: 'version'; name: string; versions: readonly string[]; weight: number }
  | {
      kind: 'moreCold' | 'fewerCold';
      name: string;
      base: FunctionStats;
      current: FunctionStats;
      weight: number;
    };

/** One thing that is different from the time before. */
export type Change = EdgeChange | FunctionChange;

/** What hurts comes first, then what may be its cause, then what got better. */
const ORDER: readonly Change['kind'][] = [
  'errors',
  'slower',
  'version',
  'newFunction',
  'moreCold',
  'newEdge',
  'goneEdge',
  'busier',
  'quieter',
  'fewerErrors',
  'faster',
  'fewerCold',
];

export type Worse = 'worse' | 'better' | 'other';

export const toneOf = (kind: Change['kind']): Worse =>
  kind === 'errors' || kind === 'slower' || kind === 'moreCold'
    ? 'worse'
    : kind === 'fewerErrors' || kind === 'faster' || kind === 'fewerCold'
      ? 'better'
      : 'other';

/**
 * What changed, the most important first: by kind, then by how much it weighs. The server says which edges differ beyond
 * chance; functions are held to the same rule here.
 */
export function changesOf(
  diff: TopologyDiff,
  before: readonly FunctionStats[],
  now: readonly FunctionStats[],
): Change[] {
  const changes: Change[] = [...edgeChanges(diff.edges), ...functionChanges(before, now)];
  return changes.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.weight - a.weight || 0);
}

/** True when the time before holds something to compare with. */
export const comparable = (diff: TopologyDiff, before: readonly FunctionStats[]) =>
  before.length > 0 || diff.edges.length === 0 || diff.edges.some(({ base }) => base.calls > 0);

function edgeChanges(edges: readonly DiffEdge[]): EdgeChange[] {
  const groups = new Map<string, EdgeChange & { sources: string[] }>();
  for (const edge of edges) {
    for (const { kind, weight } of kindsOf(edge)) {
      // A new or missing edge is about both its ends; anything else about the end that was called.
      const key =
        kind === 'newEdge' || kind === 'goneEdge'
          ? `${kind} ${edge.source} ${edge.target}`
          : `${kind} ${edge.target}`;
      const group = groups.get(key);
      if (!group) groups.set(key, { kind, edge, sources: [edge.source], weight });
      else {
        if (!group.sources.includes(edge.source)) group.sources.push(edge.source);
        if (weight > group.weight) Object.assign(group, { edge, weight });
      }
    }
  }
  return [...groups.values()];
}

function kindsOf({ status, base, current, significant }: DiffEdge): { kind: EdgeKind; weight: number }[] {
  if (status === 'new') return [{ kind: 'newEdge', weight: current.calls }];
  if (status === 'gone') return [{ kind: 'goneEdge', weight: base.calls }];
  const kinds: { kind: EdgeKind; weight: number }[] = [];
  const errors = current.errorRate - base.errorRate;
  if (significant.includes('errorRate'))
    kinds.push({ kind: errors > 0 ? 'errors' : 'fewerErrors', weight: Math.abs(errors) * current.calls });
  const slower = current.p95Ns - base.p95Ns;
  if (significant.includes('p95'))
    kinds.push({ kind: slower > 0 ? 'slower' : 'faster', weight: Math.abs(slower) * current.calls });
  const calls = current.callsPerMinute - base.callsPerMinute;
  if (significant.includes('rate'))
    kinds.push({ kind: calls > 0 ? 'busier' : 'quieter', weight: Math.abs(calls) });
  return kinds;
}

/** At least this many percentage points, as the server has it for errors. */
const LEAST_SHARE = 0.01;

function functionChanges(before: readonly FunctionStats[], now: readonly FunctionStats[]): FunctionChange[] {
  const old = new Map(before.map((one) => [one.name, one]));
  // Without anything before, everything would be new.
  if (old.size === 0) return [];
  return now.flatMap((current): FunctionChange[] => {
    const { name, invocations, coldStarts, coldShare } = current;
    const base = old.get(name);
    if (!base) return [{ kind: 'newFunction', name, invocations, weight: invocations }];
    const changes: FunctionChange[] = [];
    const versions = current.versions.filter((version) => !base.versions.includes(version));
    if (versions.length > 0) changes.push({ kind: 'version', name, versions, weight: invocations });
    const share = coldShare - base.coldShare;
    if (
      Math.abs(share) >= LEAST_SHARE &&
      differs(base.coldStarts, base.invocations, coldStarts, invocations)
    ) {
      const kind = share > 0 ? 'moreCold' : 'fewerCold';
      changes.push({ kind, name, base, current, weight: Math.abs(share) * invocations });
    }
    return changes;
  });
}

// Of the normal distribution, for 99.9 % on both sides.
const Z = 3.2905;

/** The 99.9 % Wilson interval of a share of n. */
export function wilson(hits: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const p = hits / n;
  const z2 = Z * Z;
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return [middle - half, middle + half];
}

/** True when two shares differ beyond chance: their intervals do not overlap. */
export function differs(hitsA: number, a: number, hitsB: number, b: number): boolean {
  const [lowA, highA] = wilson(hitsA, a);
  const [lowB, highB] = wilson(hitsB, b);
  return highA < lowB || highB < lowA;
}
