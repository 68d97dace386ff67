import { Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, type SearchRequest } from '../../api/client';
import { useFacets } from '../../api/search';
import { ErrorState } from '../../components/ErrorState';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { readPreference, writePreference } from '../../lib/preferences';
import type { TraceSearch } from '../../lib/trace-search';
import { DurationRange } from './DurationRange';
import { Facet, FEW } from './Facet';
import classes from './Facets.module.css';
import type { UpdateSearch } from './filters';

/** The fields that narrow a search down, in the order in which one asks; those that stand open at first come first. */
export const FACETS = [
  '@service',
  '@name',
  '@kind',
  '@status',
  'http.response.status_code',
  'error.type',
  'service.version',
  'http.route',
  '@category',
  '@peer',
  'faas.name',
  'faas.version',
  'faas.coldstart',
  'db.system.name',
  'messaging.destination.name',
  'deployment.environment.name',
] as const;

const OPEN_AT_FIRST: readonly string[] = FACETS.slice(0, 7);
const readOpen = (): readonly string[] => readPreference('facets')?.split('\n') ?? OPEN_AT_FIRST;

type Props = { search: TraceSearch; request: SearchRequest; update: UpdateSearch };

/** What the spans found hold, with counts; a click narrows the search. */
export function Facets({ search, request, update }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const [open, setOpen] = useState(readOpen);
  const asked = FACETS.filter((field) => open.includes(field));
  const facets = useFacets(request, asked, FEW, useRange().refetchInterval);
  const toggle = (field: string) => {
    const next = open.includes(field) ? open.filter((one) => one !== field) : [...open, field];
    setOpen(next);
    writePreference('facets', next.join('\n'));
  };
  // What was counted for other conditions says nothing of these.
  const refused = facets.error instanceof ApiError && facets.error.status === 400;
  const data = refused ? undefined : facets.data;
  return (
    <aside className={classes.column} aria-label={t('facets.label')}>
      <p className={classes.lead}>{t('facets.lead')}</p>
      <Switch
        size="xs"
        label={t('search.errorsOnly')}
        checked={search.errors ?? false}
        onChange={(event) => update({ errors: event.currentTarget.checked || undefined })}
      />
      {facets.isError &&
        (refused ? (
          <p className={classes.lead} role="status">
            {t('facets.refused', { reason: facets.error.message })}
          </p>
        ) : (
          !data && <ErrorState error={facets.error} retry={() => void facets.refetch()} />
        ))}
      <div className={classes.fields} data-dimmed={facets.isPlaceholderData || undefined}>
        {FACETS.map((field) => (
          <Facet
            key={field}
            field={field}
            found={data?.fields.find((one) => one.field === field)}
            open={open.includes(field)}
            onToggle={() => toggle(field)}
            search={search}
            request={request}
            update={update}
          />
        ))}
      </div>
      {data?.sampled && (
        <p className={classes.lead}>
          {t('facets.sampled', { share: format.count(Math.round(100 * data.share)) })}
        </p>
      )}
      <DurationRange
        label={t('search.spanDuration')}
        min="minDuration"
        max="maxDuration"
        search={search}
        update={update}
      />
      <DurationRange
        label={t('search.traceDuration')}
        min="minTraceDuration"
        max="maxTraceDuration"
        search={search}
        update={update}
      />
    </aside>
  );
}
