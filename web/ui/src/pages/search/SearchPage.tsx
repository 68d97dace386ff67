import { Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useTraceSearch } from '../../api/queries';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { assignColours } from '../../lib/colour';
import { SEARCH, toRequest } from '../../lib/trace-search';
import { rangeOf } from '../../lib/view';
import { EmptyResult } from './EmptyResult';
import { FilterForm } from './FilterForm';
import { Results, ResultsSkeleton } from './Results';
import { Scatter } from './Scatter';
import classes from './SearchPage.module.css';

/** Searches for traces. */
export function SearchPage() {
  const { t } = useTranslation();
  const { state: search, change: update, ignored } = useView(SEARCH);
  const request = useMemo(() => toRequest(search), [search]);
  const { refetchInterval } = useRange();
  const result = useTraceSearch(request, refetchInterval);
  const traces = useMemo(() => result.data?.pages.flatMap((page) => page.traces) ?? [], [result.data]);
  const colours = useMemo(() => {
    const spans = new Map<string, number>();
    for (const trace of traces)
      for (const s of trace.services) spans.set(s.name, (spans.get(s.name) ?? 0) + s.spans);
    return assignColours([...spans].map(([name, count]) => ({ name, spans: count })));
  }, [traces]);
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
