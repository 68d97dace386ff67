import { ActionIcon, Loader, Title, Tooltip } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStats, useTraceSearch } from '../../api/queries';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { assignColours } from '../../lib/colour';
import { rangeOf, readTraceSearch, toRequest } from '../../lib/trace-search';
import { parseQuery } from '../../lib/url';
import { FirstRun } from '../system/FirstRun';
import { EmptyResult } from './EmptyResult';
import { FilterForm } from './FilterForm';
import { RangePicker } from './RangePicker';
import { Results, ResultsSkeleton } from './Results';
import { Scatter } from './Scatter';
import classes from './SearchPage.module.css';
import { useSearch } from './use-search';

/** The search page, or how to send the first span while nothing is stored. */
export function SearchPage() {
  const stats = useStats();
  const traces = stats.data?.signals.find((s) => s.signal === 'traces');
  const { hasFilters } = useSearch();
  if (stats.data && (traces?.rows ?? 0) === 0 && !hasFilters) return <FirstRun />;
  return <Search />;
}

function Search() {
  const { t } = useTranslation();
  const { search, update } = useSearch();
  // What a pasted address held that this page does not know; addresses made here hold nothing such.
  const [ignored] = useState(() => readTraceSearch(parseQuery(window.location.search), Date.now()).ignored);
  const request = useMemo(() => toRequest(search), [search]);
  const result = useTraceSearch(request);
  const traces = useMemo(() => result.data?.pages.flatMap((page) => page.traces) ?? [], [result.data]);
  const colours = useMemo(() => {
    const spans = new Map<string, number>();
    for (const trace of traces)
      for (const s of trace.services) spans.set(s.name, (spans.get(s.name) ?? 0) + s.spans);
    return assignColours([...spans].map(([name, count]) => ({ name, spans: count })));
  }, [traces]);
  const refetching = result.isFetching && !result.isFetchingNextPage;
  return (
    <div className={classes.page}>
      <FilterForm search={search} update={update} />
      <section className={classes.main} aria-labelledby="found">
        <IgnoredNote ignored={ignored} />
        <div className={classes.toolbar}>
          <Title order={1} id="found" size="h2" aria-live="polite">
            {result.data
              ? result.hasNextPage
                ? t('search.foundMore', { count: traces.length })
                : t('search.found', { count: traces.length })
              : t('search.title')}
          </Title>
          {refetching && <Loader size={14} aria-label={t('state.loading')} />}
          <span className={classes.spring} />
          <RangePicker range={rangeOf(search)} onChange={(range) => update(range)} />
          <Tooltip label={t('search.refresh')}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={t('search.refresh')}
              onClick={() => void result.refetch()}
            >
              <IconRefresh size={16} />
            </ActionIcon>
          </Tooltip>
        </div>
        {result.isPending ? (
          <ResultsSkeleton />
        ) : result.isError && traces.length === 0 ? (
          <ErrorState error={result.error} retry={() => void result.refetch()} />
        ) : traces.length === 0 ? (
          <EmptyResult search={search} update={update} />
        ) : (
          <>
            {result.isError && <ErrorState error={result.error} retry={() => void result.refetch()} />}
            <Scatter
              traces={traces}
              colours={colours}
              range={rangeOf(search)}
              fetchedAt={result.dataUpdatedAt}
              complete={!result.hasNextPage}
            />
            <Results
              traces={traces}
              colours={colours}
              dimmed={result.isPlaceholderData}
              hasMore={result.hasNextPage}
              loadingMore={result.isFetchingNextPage}
              loadMore={() => void result.fetchNextPage()}
            />
          </>
        )}
      </section>
    </div>
  );
}
