import { parseDuration } from '../../lib/duration';
import type { MapNode } from './graph';

export type Test = (node: MapNode) => boolean;

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
};

/** What is compared, and how its bound is written. What is not known is in no comparison. */
const NUMBERS: Record<
  string,
  { of: (node: MapNode) => number | null; read: (text: string) => number | undefined }
> = {
  rate: { of: (node) => node.perMinute, read: plain },
  calls: { of: (node) => node.calls, read: plain },
  errors: { of: (node) => node.errorRate, read: share },
  p50: { of: (node) => node.p50Ns, read: nanoseconds },
  p95: { of: (node) => node.p95Ns, read: nanoseconds },
  p99: { of: (node) => node.p99Ns, read: nanoseconds },
  cold: { of: (node) => node.coldStarts, read: plain },
  age: { of: (node) => node.ageNs, read: nanoseconds },
};

const TEXTS: Record<string, (node: MapNode) => string> = {
  kind: (node) => node.kind,
  health: (node) => node.health,
  system: (node) => node.system ?? '',
  name: (node) => node.name,
};

/**
 * Reads an expression over nodes: terms that all must hold, such as "pay kind=function errors>5% !p95<200ms". A word alone is
 * part of a name; "!" before a term turns it round; "|" stands between alternatives. Undefined for what is none.
 */
export function parseExpression(written: string): Test | undefined {
  const alternatives = written.split('|').map((one) => parseAll(one.trim()));
  if (alternatives.some((one) => one === undefined)) return undefined;
  return (node) => alternatives.some((test) => test?.(node));
}

function parseAll(written: string): Test | undefined {
  if (written === '') return undefined;
  const tests = written.split(/\s+/).map(parseTerm);
  if (tests.some((test) => test === undefined)) return undefined;
  return (node) => tests.every((test) => test?.(node));
}

function parseTerm(written: string): Test | undefined {
  if (written.startsWith('!')) {
    const test = parseTerm(written.slice(1));
    return test && ((node) => !test(node));
  }
  const parts = /^(\w+)(>=|<=|=|>|<)(.+)$/.exec(written);
  if (!parts) return /[<>=]/.test(written) || written === '' ? undefined : contains(written);
  const [, field = '', operator = '', bound = ''] = parts;
  const text = TEXTS[field];
  if (text) {
    const wanted = bound.toLowerCase();
    return operator === '=' ? (node) => text(node).toLowerCase() === wanted : undefined;
  }
  const number = NUMBERS[field];
  const compare = COMPARE[operator];
  const limit = number?.read(bound);
  if (!number || !compare || limit === undefined) return undefined;
  return (node) => {
    const value = number.of(node);
    return value !== null && compare(value, limit);
  };
}

function contains(word: string): Test {
  const wanted = word.toLowerCase();
  return ({ name }) => name.toLowerCase().includes(wanted);
}

function plain(written: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(written) ? Number(written) : undefined;
}

function share(written: string): number | undefined {
  const percent = written.endsWith('%');
  const value = plain(percent ? written.slice(0, -1) : written);
  return value === undefined ? undefined : percent ? value / 100 : value;
}

function nanoseconds(written: string): number | undefined {
  const parsed = parseDuration(written);
  return parsed === undefined ? undefined : Number(parsed);
}
