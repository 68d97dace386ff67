import { IconCheck, IconChevronDown, IconChevronRight, IconMinus } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { type FacetField, useFacets } from '../../api/search';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { type TraceSearch, toRequest } from '../../lib/trace-search';
import { dropValue, heldValues, keepValue, liftValue, withoutField } from '../../query/values';
import classes from './Facets.module.css';
import type { UpdateSearch } from './filters';

const MANY = 50;
/** Values of each facet before more are asked for. */
export const FEW = 6;

type Props = {
  field: string;
  found: FacetField | undefined;
  open: boolean;
  onToggle: () => void;
  search: TraceSearch;
  request: SearchRequest;
  update: UpdateSearch;
};

/**
 * One field and its most frequent values. A condition on the field itself does not count: the other values remain to be
 * chosen, with what choosing them would find.
 */
export function Facet({ field, found, open, onToggle, search, request, update }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const [more, setMore] = useState(false);
  const { refetchInterval } = useRange();
  const others = useMemo(() => withoutField(search, field), [search, field]);
  const free = useMemo(() => (others ? toRequest(others) : request), [others, request]);
  const few = useFacets(free, others && open ? [field] : [], FEW, refetchInterval);
  const all = useFacets(free, more && open ? [field] : [], MANY);
  const shown = (more && all.data?.fields[0]) || (others ? few.data?.fields[0] : undefined) || found;
  const held = useMemo(() => heldValues(search, field), [search, field]);
  const listed = shown?.values.map(({ value }) => value);
  const unlisted = listed ? [...held.keys()].filter((value) => !listed.includes(value)) : [];
  const counted = (value: string) =>
    found?.values.find((one) => one.value === value) ?? { value, spans: undefined, errors: undefined };
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
          {[...unlisted.map(counted), ...shown.values].map(({ value, spans, errors }) => {
            const state = held.get(value);
            const click = (exclude: boolean, also = false) => {
              if (state) update(liftValue(search, field, value));
              else update(exclude ? dropValue(search, field, value) : keepValue(search, field, value, also));
            };
            return (
              <li key={value}>
                <button
                  type="button"
                  className={classes.value}
                  aria-pressed={state !== undefined}
                  data-state={state}
                  title={
                    spans === undefined
                      ? value
                      : t('facets.valueHint', {
                          value,
                          spans: format.count(spans),
                          errors: format.count(errors ?? 0),
                        })
                  }
                  onClick={(event) => click(event.shiftKey, event.ctrlKey || event.metaKey)}
                >
                  <span
                    className={classes.fill}
                    style={{ width: `${Math.max(1, (100 * (spans ?? 0)) / most)}%` }}
                    aria-hidden="true"
                  />
                  {state === 'only' && <IconCheck size={12} aria-hidden="true" />}
                  {state === 'without' && <IconMinus size={12} aria-hidden="true" />}
                  <span className={classes.text}>{value === '' ? '""' : value}</span>
                  <span className={classes.count}>{spans !== undefined && format.compact(spans)}</span>
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
