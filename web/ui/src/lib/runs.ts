import type { FunctionDetail, Invocation } from '../api/functions';
import { parseInstant, toMillis } from '../units';

/** When versions came: the step in which each was first seen, but for those there from the beginning. */
export function versionMarks(points: FunctionDetail['points']): { atMs: number; label: string }[] {
  const seen = new Set<string>();
  const marks: { atMs: number; label: string }[] = [];
  let begun = false;
  for (const { startNs, versions } of points) {
    const fresh = versions.filter(({ version }) => !seen.has(version)).map(({ version }) => version);
    for (const version of fresh) seen.add(version);
    if (begun && fresh.length > 0)
      marks.push({ atMs: toMillis(parseInstant(startNs)), label: fresh.join(', ') });
    begun ||= versions.length > 0;
  }
  return marks;
}

/** Failed invocations of one outcome, error type and message. */
export type FailureGroup = {
  id: string;
  outcome: string;
  type: string;
  message: string;
  count: number;
  lastNs: string;
  versions: string[];
  /** The newest ones that have a trace. */
  examples: { traceId: string; spanId: string }[];
};

const MOST_EXAMPLES = 3;

// Ids and numbers differ from one failure to the next, and say nothing about which kind it is.
const alike = (message: string) =>
  message.replace(/\b(0x)?[0-9a-f]{8,}(-[0-9a-f]{4,})*\b/gi, '…').replace(/\d+/g, '…');

/** Puts failures of one kind together, the most frequent first. Of the invocations the newest come first. */
export function groupFailures(invocations: readonly Invocation[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const one of invocations) {
    const { outcome, errorType: type = '', errorMessage: message = '' } = one;
    const id = `${outcome}\n${type}\n${alike(message)}`;
    const group = groups.get(id) ?? {
      id,
      outcome,
      type,
      message,
      count: 0,
      lastNs: one.timeNs,
      versions: [],
      examples: [],
    };
    group.count++;
    if (!group.versions.includes(one.version)) group.versions.push(one.version);
    if (one.traceId && group.examples.length < MOST_EXAMPLES)
      group.examples.push({ traceId: one.traceId, spanId: one.spanId ?? '' });
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
