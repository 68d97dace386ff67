import type { ValueDifference } from '../../api/search';
import { type Condition, writeCondition } from '../../lib/condition';

/** What one field distinguishes: its most telling value first. */
export type DiffGroup = {
  id: string;
  key: string;
  service?: string;
  first: ValueDifference;
  more: ValueDifference[];
};

/** One entry a field, ranked by the best of its values, as the answer is. */
export function groupDifferences(differences: readonly ValueDifference[]): DiffGroup[] {
  const groups = new Map<string, DiffGroup>();
  for (const one of differences) {
    const id = `${one.source} ${one.key} ${one.service ?? ''}`;
    const group = groups.get(id);
    if (group) group.more.push(one);
    else
      groups.set(id, {
        id,
        key: one.key,
        ...(one.service !== undefined && { service: one.service }),
        first: one,
        more: [],
      });
  }
  return [...groups.values()];
}

// A value is cut at this length; a condition on the rest would find nothing.
const CUT = 256;

/** The conditions that keep what has the value, or what has it not; undefined where the API has none for it. */
export function conditionsOf(difference: ValueDifference, exclude: boolean): string[] | undefined {
  const { key, form, value, low, high } = difference;
  // Fields that only exist in the comparison.
  if (key.startsWith('@trace') || key.startsWith('weft.')) return undefined;
  const write = (operator: Condition['operator'], text: string) =>
    writeCondition({ key, operator, value: text });
  if (form === 'present') return [write(exclude ? 'missing' : 'exists', '')];
  if (form === 'range') {
    if (low === undefined || high === undefined) return undefined;
    return exclude ? [write('<', String(low))] : [write('>=', String(low)), write('<', String(high))];
  }
  if (value === undefined || value.length >= CUT) return undefined;
  return [write(exclude ? '!=' : '=', value)];
}
