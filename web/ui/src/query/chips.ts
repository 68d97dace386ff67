import { type Operator, parseCondition, takesValue, wantsNumber, writeCondition } from '../lib/condition';
import type { KINDS, STATUSES } from './fields';
import { parseQuery } from './parse';
import { type Comparison, isComparison, type Query, TRACE_DURATION, TRACE_ERROR } from './tree';
import { writeQueryText } from './write';

/** Conditions as the address holds them: each with a chip of its own, and in q what is more than a chip can say. */
export type Chips = {
  service?: string | undefined;
  operation?: string | undefined;
  kind?: (typeof KINDS)[number] | undefined;
  status?: (typeof STATUSES)[number] | undefined;
  errors?: boolean | undefined;
  attr?: string[] | undefined;
  minDuration?: string | undefined;
  maxDuration?: string | undefined;
  minTraceDuration?: string | undefined;
  maxTraceDuration?: string | undefined;
  q?: string | undefined;
};

/** The API's bound for attr. */
const MOST_ATTR = 20;

/** The query that q is; the empty one when it cannot be read. */
export function readQuery(q: string | undefined): Query {
  const parsed = parseQuery(q ?? '');
  return 'query' in parsed ? parsed.query : [];
}

/** The same conditions as one query. */
export function fromChips(chips: Chips): Query {
  const query: Query = [];
  const add = (field: string, op: Comparison['op'], value: string | undefined) => {
    if (value !== undefined) query.push({ field, op, value });
  };
  add('@service', '=', chips.service);
  add('@name', '=', chips.operation);
  add('@kind', '=', chips.kind);
  add('@status', '=', chips.status);
  for (const text of chips.attr ?? []) {
    const condition = parseCondition(text);
    if (!condition) continue;
    const { key, operator, value } = condition;
    if (operator === 'exists' || operator === 'missing')
      query.push({ field: key, op: operator === 'exists' ? 'exists' : 'not-exists' });
    else
      query.push({
        field: key,
        op: operator,
        value: wantsNumber(operator) && !key.startsWith('@') ? Number(value) : value,
      });
  }
  add('@duration', '>=', chips.minDuration);
  add('@duration', '<=', chips.maxDuration);
  add(TRACE_DURATION, '>=', chips.minTraceDuration);
  add(TRACE_DURATION, '<=', chips.maxTraceDuration);
  if (chips.errors) add(TRACE_ERROR, '=', 'true');
  return [...query, ...readQuery(chips.q)];
}

/** A query in chips, as far as these go, and the rest of it in q. Every field is there: this is a whole state. */
export function toChips(query: Query): Chips {
  const chips: Chips = {
    service: undefined,
    operation: undefined,
    kind: undefined,
    status: undefined,
    errors: undefined,
    attr: undefined,
    minDuration: undefined,
    maxDuration: undefined,
    minTraceDuration: undefined,
    maxTraceDuration: undefined,
    q: undefined,
  };
  const rest: Query = [];
  for (const one of query) if (!isComparison(one) || !takeChip(one, chips)) rest.push(one);
  if (rest.length > 0) chips.q = writeQueryText(rest);
  return chips;
}

/** Puts a comparison into a free field of its own, or among the attributes; false when no chip can say it. */
function takeChip(one: Comparison, chips: Chips): boolean {
  const { field, op, value } = one;
  if (field === TRACE_ERROR) {
    chips.errors = true;
    return true;
  }
  const own = ownField(one);
  if (own && typeof value === 'string' && value !== '' && chips[own] === undefined) {
    (chips as Record<string, string>)[own] = value;
    return true;
  }
  if (!fitsAttr(one)) return false;
  const operator: Operator = op === 'not-exists' ? 'missing' : (op as Operator);
  const text = writeCondition({ key: field, operator, value: takesValue(operator) ? String(value) : '' });
  const attr = chips.attr ?? [];
  if (attr.includes(text)) return true;
  if (attr.length >= MOST_ATTR) return false;
  chips.attr = [...attr, text];
  return true;
}

function ownField({ field, op }: Comparison): Exclude<keyof Chips, 'attr' | 'errors' | 'q'> | undefined {
  if (op === '=')
    return ({ '@service': 'service', '@name': 'operation', '@kind': 'kind', '@status': 'status' } as const)[
      field
    ];
  if (op === '>=')
    return ({ '@duration': 'minDuration', [TRACE_DURATION]: 'minTraceDuration' } as const)[field];
  if (op === '<=')
    return ({ '@duration': 'maxDuration', [TRACE_DURATION]: 'maxTraceDuration' } as const)[field];
  return undefined;
}

/** Whether the API's attr can say it (its grammar is in openapi.yaml at searchTraces). */
function fitsAttr({ field, op, value, scope }: Comparison): boolean {
  if (scope || op === 'in' || op === '=~' || op === '!~' || field === TRACE_DURATION) return false;
  if (op === 'exists' || op === 'not-exists') return !field.startsWith('@') || field === '@event';
  if (op === '=' || op === '!=' || field === '@duration') return true;
  return !field.startsWith('@') && typeof value === 'number';
}

/** q without the part at a place among its conditions. */
export function withoutPart(q: string, index: number): string | undefined {
  const rest = readQuery(q).filter((_, i) => i !== index);
  return rest.length > 0 ? writeQueryText(rest) : undefined;
}
