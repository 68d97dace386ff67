import type { TFunction } from 'i18next';
import type { Change } from '../../components/use-view';
import { type Condition, operatorSymbol, parseCondition, takesValue } from '../../lib/condition';
import type { SEARCH, TraceSearch } from '../../lib/trace-search';
import { readQuery, withoutPart } from '../../query/chips';
import { writePart } from '../../query/write';

export type UpdateSearch = Change<typeof SEARCH>;

/** query says that it is a part of q, which is edited as text. */
export type Filter = { id: string; label: string; without: Partial<TraceSearch>; query?: true };

/** "http.response.status_code ≥ 500", "db.system.name exists". */
function conditionLabel(condition: Condition, t: TFunction): string {
  const { key, operator, value } = condition;
  if (!takesValue(operator))
    return `${key} ${operator === 'exists' ? t('search.exists') : t('search.missing')}`;
  return `${key} ${operatorSymbol(operator)} ${value === '' ? '""' : value}`;
}

/** Everything that restricts a result besides the time range, each with the change that lifts it. */
export function activeFilters(search: TraceSearch, t: TFunction): Filter[] {
  const filters: Filter[] = [];
  const add = (id: keyof TraceSearch, label: string) =>
    filters.push({ id, label, without: { [id]: undefined } });
  if (search.service) add('service', `${t('search.service')} = ${search.service}`);
  if (search.operation) add('operation', `${t('search.operation')} = ${search.operation}`);
  if (search.kind) add('kind', `${t('span.kind')} = ${t(`kind.${search.kind}`)}`);
  if (search.status) add('status', `${t('span.status')} = ${t(`status.${search.status}`)}`);
  for (const text of search.attr ?? []) {
    const condition = parseCondition(text);
    const label = condition ? conditionLabel(condition, t) : text;
    filters.push({ id: `attr ${text}`, label, without: { attr: withoutCondition(search, text) } });
  }
  const duration = t('search.spanDuration');
  const whole = t('search.traceDuration');
  if (search.minDuration) add('minDuration', `${duration} ≥ ${search.minDuration}`);
  if (search.maxDuration) add('maxDuration', `${duration} ≤ ${search.maxDuration}`);
  if (search.minTraceDuration) add('minTraceDuration', `${whole} ≥ ${search.minTraceDuration}`);
  if (search.maxTraceDuration) add('maxTraceDuration', `${whole} ≤ ${search.maxTraceDuration}`);
  if (search.errors) add('errors', t('search.errorsOnly'));
  for (const [i, part] of readQuery(search.q).entries()) {
    const without = { q: withoutPart(search.q ?? '', i) };
    filters.push({ id: `q ${i}`, label: writePart(part), without, query: true });
  }
  return filters;
}

function withoutCondition(search: TraceSearch, text: string): string[] | undefined {
  const rest = (search.attr ?? []).filter((one) => one !== text);
  return rest.length > 0 ? rest : undefined;
}

/** The change that lifts every filter and keeps the time range. */
export const NO_FILTERS: Partial<TraceSearch> = {
  service: undefined,
  operation: undefined,
  kind: undefined,
  status: undefined,
  attr: undefined,
  minDuration: undefined,
  maxDuration: undefined,
  minTraceDuration: undefined,
  maxTraceDuration: undefined,
  errors: undefined,
  q: undefined,
};
