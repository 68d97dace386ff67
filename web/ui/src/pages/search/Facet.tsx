import { IconCheck, IconChevronDown, IconChevronRight, IconMinus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { type FacetField, useFacets } from '../../api/search';
import { useFormats } from '../../components/use-formats';
import { holds, withCondition, withoutValue } from '../../lib/query-text';
import type { TraceSearch } from '../../lib/trace-search';
import classes from './Facets.module.css';
import type { UpdateSearch } from './filters';

const MANY = 50;

type Props = {
  field: string;
  found: FacetField | undefined;
  open: boolean;
  onToggle: () => void;
  search: TraceSearch;
  request: SearchRequest;
  update: UpdateSearch;
};

/** One field and its most frequent values. */
export function Facet({ field, found, open, onToggle, search, request, update }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const [more, setMore] = useState(false);
  const all = useFacets(request, more && open ? [field] : [], MANY);
  const shown = (more && all.data?.fields[0]) || found;
  const name = t(`facets.name.${field.replace(/[@.]/g, '_')}` as never, { defaultValue: field }) as string;
  const most = shown?.values[0]?.spans ?? 1;
  return (
    <section className={classes.facet}>
      <button type="button" className={classes.head} aria-expanded={open} onClick={onToggle} title={field}>
        {open ? (
          <IconChevronDown size={14} aria-hidden="true" />
        ) : (
          <IconChevronRight size={14} aria-hidden="true" />
        )}
        <span className={classes.name}>{name}</span>
        {open && shown && <span className={classes.distinct}>{format.count(shown.distinct)}</span>}
      </button>
      {open && shown && (
        <ul className={classes.values} aria-label={name}>
          {shown.values.map(({ value, spans, errors }) => {
            const state = holds(search, field, value);
            const click = (exclude: boolean) => {
              const operator = exclude ? '!=' : '=';
              const change = state
                ? withoutValue(search, field, value)
                : withCondition({ key: field, operator, value }, search);
              if (typeof change !== 'string') update(change);
            };
            return (
              <li key={value}>
                <button
                  type="button"
                  className={classes.value}
                  aria-pressed={state !== undefined}
                  data-state={state}
                  title={t('facets.valueHint', {
                    value,
                    spans: format.count(spans),
                    errors: format.count(errors),
                  })}
                  onClick={(event) => click(event.shiftKey)}
                >
                  <span
                    className={classes.fill}
                    style={{ width: `${Math.max(1, (100 * spans) / most)}%` }}
                    aria-hidden="true"
                  />
                  {state === 'only' && <IconCheck size={12} aria-hidden="true" />}
                  {state === 'without' && <IconMinus size={12} aria-hidden="true" />}
                  <span className={classes.text}>{value === '' ? '""' : value}</span>
                  <span className={classes.count}>{format.compact(spans)}</span>
                </button>
                {state === undefined && (
                  <button
                    type="button"
                    className={classes.exclude}
                    aria-label={t('facets.exclude', { value })}
                    title={t('facets.exclude', { value })}
                    onClick={() => click(true)}
                  >
                    <IconMinus size={12} aria-hidden="true" />
                  </button>
                )}
              </li>
            );
          })}
          {shown.values.length === 0 && <li className={classes.none}>{t('facets.none')}</li>}
          {(shown.distinct > shown.values.length || more) && (
            <li>
              <button type="button" className={classes.more} onClick={() => setMore(!more)}>
                {more ? t('facets.fewer') : t('facets.more', { count: shown.distinct - shown.values.length })}
              </button>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}
