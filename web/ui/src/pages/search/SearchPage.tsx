import { Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../api/client';
import { useTraceSearch } from '../../api/queries';
import { useTraceCount, useTraceSample } from '../../api/search';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { brushed, readBrush, writeBrush } from '../../lib/brush';
import { assignColours } from '../../lib/colour';
import { GROUPS, PICTURES, SEARCH, toRequest } from '../../lib/trace-search';
import { rangeOf } from '../../lib/view';
import { DiffPanel } from './DiffPanel';
import { EmptyResult } from './EmptyResult';
import { Facets } from './Facets';
import { NO_FILTERS } from './filters';
import { Groups } from './Groups';
import { PageActions } from './PageActions';
import { QueryBar } from './QueryBar';
import { Results, ResultsSkeleton } from './Results';
import classes from './SearchPage.module.css';
import { SelectionBar } from './SelectionBar';
import { Switcher } from './Switcher';
import { Viz } from './viz/Viz';
import vizClasses from './viz/viz.module.css';

/** Searches for traces: what restricts them at the left and on top, a picture to select in, and the traces themselves. */
export function SearchPage() {
  const { t } = useTranslation();
  const format = useFormats();
  const { state: search, change: update, ignored } = useView(SEARCH);
  const { from, to } = rangeOf(search);
  const range = useMemo(() => ({ from, to }), [from, to]);
  const request = useMemo(() => toRequest(search), [search]);
  const brush = useMemo(() => readBrush(search.brush ?? '-'), [search.brush]);
  const selection = useMemo(() => (brush ? brushed(request, brush) : request), [request, brush]);
  const { refetchInterval } = useRange();
  const result = useTraceSearch(selection, refetchInterval);
  const count = useTraceCount(request, refetchInterval);
  const viz = search.viz ?? 'scatter';
  const sample = useTraceSample(request, range, { refetchInterval, enabled: viz === 'scatter' });
  const traces = useMemo(() => result.data?.pages.flatMap((page) => page.traces) ?? [], [result.data]);
  const colours = useColours(traces, sample.data?.traces);
  const group = search.group ?? 'none';
  const total = count.data
    ? `${count.data.atLeast ? '≥ ' : ''}${format.count(count.data.traces)}`
    : undefined;
  const nothing = !brush && result.data !== undefined && traces.length === 0;
  const onBrush = (next: typeof brush) => update({ brush: next && writeBrush(next) });

  return (
    <div className={classes.page}>
      <Facets search={search} request={request} update={update} />
      <section className={classes.main} aria-labelledby="found">
        <IgnoredNote ignored={ignored} />
        <div className={classes.query}>
          <QueryBar search={search} update={update} />
        </div>
        <div className={classes.toolbar}>
          <Title order={1} id="found" size="h3" aria-live="polite">
            {total === undefined
              ? t('search.title')
              : t('search.found', { count: count.data?.traces ?? 0, shown: total })}
          </Title>
          <div className={classes.spring} />
          <PageActions
            search={search}
            selection={selection}
            clear={() => update({ ...NO_FILTERS, brush: undefined })}
          />
        </div>
        {result.isPending ? (
          <ResultsSkeleton />
        ) : result.isError && traces.length === 0 ? (
          <ErrorState error={result.error} retry={() => void result.refetch()} />
        ) : nothing ? (
          <EmptyResult search={search} update={update} />
        ) : (
          <>
            {result.isError && <ErrorState error={result.error} retry={() => void result.refetch()} />}
            <div className={vizClasses.wrap}>
              <div className={vizClasses.bar}>
                <Switcher
                  label={t('viz.label')}
                  value={viz}
                  options={PICTURES.map((value) => ({ value, label: t(`viz.${value}`) }))}
                  onChange={(value) => update({ viz: value })}
                />
                <SelectionBar
                  brush={brush}
                  selection={selection}
                  total={total ?? '…'}
                  request={request}
                  range={range}
                  onBrush={onBrush}
                />
              </div>
              <Viz
                viz={viz}
                request={request}
                range={range}
                sample={sample}
                colours={colours}
                brush={brush}
                onBrush={onBrush}
              />
            </div>
            <div className={classes.grouping}>
              <span id="grouping">{t('groups.by')}</span>
              <Switcher
                label={t('groups.by')}
                value={group}
                options={GROUPS.map((value) => ({ value, label: t(`groups.${value}`) }))}
                onChange={(value) => update({ group: value, sort: undefined })}
              />
            </div>
            <div className={classes.split}>
              {group === 'none' ? (
                <Results
                  traces={traces}
                  live={refetchInterval !== false}
                  question={result.isPlaceholderData ? undefined : selection}
                  colours={colours}
                  marks={search.marks ?? []}
                  onMark={(marks) => update({ marks: marks.length > 0 ? marks : undefined })}
                  dimmed={result.isPlaceholderData}
                  hasMore={result.hasNextPage}
                  loadingMore={result.isFetchingNextPage}
                  loadMore={() => void result.fetchNextPage()}
                />
              ) : (
                <Groups
                  by={group}
                  request={selection}
                  range={brush?.time ? isoRange(brush.time) : range}
                  colours={colours}
                  sort={search.sort ?? '-count'}
                  onSort={(sort) => update({ sort })}
                  onPick={(change) => update({ ...change, group: undefined, sort: undefined })}
                  search={search}
                />
              )}
              {brush && <DiffPanel selection={selection} base={request} search={search} update={update} />}
            </div>
          </>
        )}
      </section>
    </div>
  );
}

const isoRange = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});

/** One colour a service, over all that is on the page. */
function useColours(traces: readonly TraceSummary[], sample: readonly TraceSummary[] | undefined) {
  return useMemo(() => {
    const spans = new Map<string, number>();
    for (const trace of sample ?? traces)
      for (const s of trace.services) spans.set(s.name, (spans.get(s.name) ?? 0) + s.spans);
    for (const trace of traces)
      for (const s of trace.services) if (!spans.has(s.name)) spans.set(s.name, s.spans);
    return assignColours([...spans].map(([name, count]) => ({ name, spans: count })));
  }, [traces, sample]);
}
