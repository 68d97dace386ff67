import { type Condition, parseCondition, takesValue, wantsNumber, writeCondition } from '../lib/condition';
import { parseDuration, writeDuration } from '../lib/duration';
import type { TraceSearch } from '../lib/trace-search';
import { fromChips, toChips } from './chips';
import { ALIASES, BOOLEANS, KINDS, STATUSES } from './fields';
import { parseQuery } from './parse';
import { type Expr, isComparison, isStructure, type Query } from './tree';

/** Fields of a span or trace that conditions may name besides attributes. */
export const SPECIAL = [
  '@service',
  '@name',
  '@kind',
  '@status',
  '@duration',
  '@trace.duration',
  '@error',
  '@category',
  '@peer',
  '@event',
  '@cold_start',
  '@retry',
  '@dead_letter',
] as const;

/** The values of fields that have few; undefined for others. */
export const valuesOf = (key: string): readonly string[] | undefined =>
  key === '@kind'
    ? KINDS
    : key === '@status'
      ? STATUSES
      : ['@error', '@cold_start', '@retry', '@dead_letter'].includes(key)
        ? BOOLEANS
        : /duration$/.test(key) && key.startsWith('@')
          ? ['10ms', '100ms', '500ms', '1s', '5s']
          : undefined;

/** How far a condition is typed: the key, or, behind the operator, the value. */
export type Typed =
  | { stage: 'key'; key: string; negated: boolean }
  | { stage: 'value'; key: string; operator: string; value: string };

export function readTyped(text: string): Typed {
  const behind = /^\s*("(?:[^"\\]|\\.)*"|[^\s"=!<>]+)\s*(!=|>=|<=|=|>|<)\s*(.*)$/s.exec(text);
  if (!behind) {
    const key = text.trim();
    return { stage: 'key', key: key.replace(/^!\s*/, ''), negated: key.startsWith('!') };
  }
  const [, key = '', operator = '', value = ''] = behind;
  return { stage: 'value', key: aliased(key), operator, value };
}

const aliased = (key: string) => ALIASES[key] ?? key;

export type Problem = 'empty' | 'malformed' | 'number' | 'traceDuration';

/** The change to a search that a typed condition means, or what is wrong with it. */
export function readCondition(text: string, search: TraceSearch): Partial<TraceSearch> | Problem {
  if (text.trim() === '') return 'empty';
  const tree = parseQuery(text);
  if ('query' in tree && isTree(tree.query)) return toChips([...fromChips(search), ...tree.query]);
  const condition = parseCondition(text);
  if (!condition) return 'malformed';
  const named = takesValue(condition.operator) ? { ...condition, key: aliased(condition.key) } : condition;
  return withCondition(named, search);
}

/**
 * Whether a text that can be read as a query is meant as one: only when it says more than one condition does, and nothing in
 * it is a bare word, which a value with an "or" in it would leave.
 */
function isTree(query: Query): boolean {
  const bare = (one: Expr): boolean =>
    isComparison(one)
      ? one.op === 'exists'
      : 'not' in one
        ? bare(one.not)
        : ('and' in one ? one.and : one.or).some(bare);
  const [only] = query;
  if (only && query.length === 1 && isComparison(only))
    return only.op === 'in' || only.op === '=~' || only.op === '!~' || only.scope !== undefined;
  return query.every((one) => isStructure(one) || !bare(one));
}

/** Adds a condition. What has a field of its own in the address goes there. */
function withCondition(condition: Condition, search: TraceSearch): Partial<TraceSearch> | Problem {
  const { key, operator, value } = condition;
  if (key === '@trace.duration') {
    const ns = parseDuration(value);
    if (ns === undefined) return 'number';
    const written = writeDuration(ns);
    if (operator.startsWith('>')) return { minTraceDuration: written };
    return operator.startsWith('<') ? { maxTraceDuration: written } : 'traceDuration';
  }
  if (wantsNumber(operator)) {
    const number = key === '@duration' ? parseDuration(value) : Number(value.trim() || 'x');
    if (number === undefined || Number.isNaN(number)) return 'number';
  }
  if (operator === '=' && value !== '') {
    if (key === '@service') return { service: value };
    if (key === '@name') return { operation: value };
    const kind = key === '@kind' && KINDS.find((one) => one === value);
    if (kind) return { kind };
    const status = key === '@status' && STATUSES.find((one) => one === value);
    if (status) return { status };
  }
  const text = writeCondition(condition);
  return { attr: [...(search.attr ?? []).filter((one) => one !== text), text] };
}
