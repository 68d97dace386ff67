import { type Chips, fromChips, toChips } from './chips';
import { type Comparison, type Expr, isComparison, type Structure } from './tree';

/** What a facet knows of the conditions: those on its own field that stand beside the others, none of them inside an or. */
const isOn = (field: string) => (one: Expr | Structure) =>
  isComparison(one) && one.field === field && !one.scope;

/** The values that a field is kept to, or that are kept out. */
export function heldValues(chips: Chips, field: string): Map<string, 'only' | 'without'> {
  const held = new Map<string, 'only' | 'without'>();
  for (const { op, value } of fromChips(chips).filter(isOn(field)) as Comparison[]) {
    if (op === '=' || op === 'in')
      for (const one of Array.isArray(value) ? value : [value]) held.set(String(one), 'only');
    if (op === '!=') held.set(String(value), 'without');
  }
  return held;
}

/** The conditions without those on a field; undefined when it has none. */
export function withoutField<T extends Chips>(search: T, field: string): T | undefined {
  const query = fromChips(search);
  const rest = query.filter((one) => !isOn(field)(one));
  return rest.length === query.length ? undefined : { ...search, ...toChips(rest) };
}

/** The change that keeps a field to a value, and to those besides that it was kept to when also is true. */
export function keepValue(chips: Chips, field: string, value: string, also: boolean): Chips {
  const others = also ? kept(chips, field).filter((one) => one !== value) : [];
  return written(chips, field, [...others, value], value);
}

/** The change that leaves a value of a field out. */
export function dropValue(chips: Chips, field: string, value: string): Chips {
  const rest = written(
    chips,
    field,
    kept(chips, field).filter((one) => one !== value),
  );
  return toChips([...fromChips(rest), { field, op: '!=', value }]);
}

/** The change that lifts what holds on a value of a field. */
export const liftValue = (chips: Chips, field: string, value: string): Chips =>
  heldValues(chips, field).get(value) === 'without'
    ? toChips(fromChips(chips).filter((one) => !isWithout(one, field, value)))
    : written(
        chips,
        field,
        kept(chips, field).filter((one) => one !== value),
      );

const isWithout = (one: Expr | Structure, field: string, value: string) =>
  isOn(field)(one) && isComparison(one) && one.op === '!=' && one.value === value;

const kept = (chips: Chips, field: string): string[] =>
  [...heldValues(chips, field)].filter(([, how]) => how === 'only').map(([value]) => value);

/** The conditions with a field kept to values; freed is one that is not left out any more. */
function written(chips: Chips, field: string, values: string[], freed?: string): Chips {
  const [only] = values;
  const query = fromChips(chips).filter(
    (one) =>
      !(isOn(field)(one) && isComparison(one) && (one.op === '=' || one.op === 'in')) &&
      !(freed !== undefined && isWithout(one, field, freed)),
  );
  if (only !== undefined)
    query.push(values.length === 1 ? { field, op: '=', value: only } : { field, op: 'in', value: values });
  return toChips(query);
}
