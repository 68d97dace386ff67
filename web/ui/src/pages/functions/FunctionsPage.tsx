import { Button, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type FunctionSort, useFunctions } from '../../api/functions';
import { useNodeSeries } from '../../api/services';
import { FilterInput } from '../../components/FilterInput';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { FunctionsTable, type Trend } from './FunctionsTable';
import classes from './functions.module.css';
import { OtherServices } from './OtherServices';
import { FUNCTIONS } from './view';

const SORTS: Record<string, FunctionSort> = {
  name: 'name',
  errorRate: 'errorRate',
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  coldStarts: 'coldStarts',
  init: 'init',
  memory: 'memory',
  cost: 'cost',
  timeouts: 'timeouts',
  throttles: 'throttles',
  lastSeen: 'lastSeen',
};

const likes = (name: string, q: string) => name.toLowerCase().includes(q.toLowerCase());

/** All functions, and below them all that is none. */
export function FunctionsPage() {
  const { t } = useTranslation();
  const format = useFormats();
  const range = useRange();
  const { state, replace, settle, ignored } = useView(FUNCTIONS);
  const { q = '', sort = '-invocations', servicesSort = '-calls' } = state;
  const by = sort.replace(/^-/, '');
  // The server says which functions are on the first page, so it sorts as the table does; it has the largest first, and names from a on.
  const functions = useFunctions(range, SORTS[by] ?? 'invocations', sort.startsWith('-') === (by === 'name'));
  const series = useNodeSeries(range);
  const trends = useMemo(
    () => new Map<string, Trend>(series.data?.nodes.map(({ id, calls, errors }) => [id, { calls, errors }])),
    [series.data],
  );
  const all = useMemo(() => functions.data?.pages.flatMap((page) => page.functions) ?? [], [functions.data]);
  const rows = useMemo(() => all.filter(({ name }) => likes(name, q)), [all, q]);
  const total = functions.data?.pages[0]?.total ?? 0;
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <div className={classes.bar}>
        <Title order={1} size="h2">
          {t('fn.title')}
        </Title>
        {functions.data && (
          <span className={classes.count} aria-live="polite">
            {t('fn.shown', { shown: format.count(rows.length), total: format.count(total) })}
          </span>
        )}
        <div className={classes.spring} />
        <FilterInput
          main
          label={t('fn.filter')}
          value={q}
          onChange={(text) => settle({ q: text || undefined })}
        />
      </div>
      <Result
        query={functions}
        height={280}
        isEmpty={() => rows.length === 0}
        empty={
          q !== '' && all.length > 0 ? (
            <Empty title={t('fn.noneLike', { q })}>
              <Button size="xs" variant="default" onClick={() => replace({ q: undefined })}>
                {t('fn.clear')}
              </Button>
            </Empty>
          ) : (
            <Empty title={t('fn.none')}>
              <Button size="xs" variant="default" onClick={() => range.set({ from: 'now-24h', to: 'now' })}>
                {t('fn.widen')}
              </Button>
            </Empty>
          )
        }
      >
        {() => (
          <FunctionsTable
            rows={rows}
            trends={trends}
            sort={sort}
            onSort={(chosen) => replace({ sort: chosen === '-invocations' ? undefined : chosen })}
          />
        )}
      </Result>
      {functions.hasNextPage && (
        <div className={classes.bar}>
          <Button
            size="xs"
            variant="default"
            loading={functions.isFetchingNextPage}
            onClick={() => void functions.fetchNextPage()}
          >
            {t('fn.more')}
          </Button>
          <Text size="xs" c="dimmed">
            {t('fn.onePage')}
          </Text>
        </div>
      )}
      <OtherServices
        q={q}
        functions={all}
        trends={trends}
        sort={servicesSort}
        onSort={(chosen) => replace({ servicesSort: chosen === '-calls' ? undefined : chosen })}
      />
    </div>
  );
}
