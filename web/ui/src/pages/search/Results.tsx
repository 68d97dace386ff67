import { Button, Skeleton } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import { ResultRow } from './ResultRow';
import classes from './Results.module.css';
import { useHeld } from './use-held';
import { toggled, useRowKeys } from './use-row-keys';

const ROW = 56;

type Props = {
  traces: readonly TraceSummary[];
  /** Whether newer ones come by themselves, and to which question these are the answer. */
  live: boolean;
  question: unknown;
  colours: Map<string, ServiceColour>;
  /** The traces that are marked to be compared, two at most. */
  marks: readonly string[];
  onMark: (marks: string[]) => void;
  /** What is shown belongs to the question before; the answer is on its way. */
  dimmed: boolean;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
};

/** The traces as a table; only the rows in view are in the page. */
export function Results(props: Props) {
  const { colours, marks, onMark, dimmed, hasMore, loadingMore, loadMore } = props;
  const { t } = useTranslation();
  const format = useFormats();
  const {
    shown: traces,
    waiting,
    more,
    release,
    scroller,
    watch,
  } = useHeld(props.traces, props.live, props.question);
  const slowest = useMemo(
    () => traces.reduce((longest, one) => Math.max(longest, one.durationNs), 1),
    [traces],
  );
  const rows = useVirtualizer({
    count: traces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const ids = useMemo(() => traces.map((trace) => trace.traceId), [traces]);
  const show = useCallback((index: number) => rows.scrollToIndex(index), [rows]);
  const { at, setAt, compare } = useRowKeys(ids, marks, onMark, show);
  return (
    <div className={classes.frame}>
      {marks.length > 0 && (
        <div className={classes.marked} role="status">
          <span>{t('results.marked', { count: marks.length })}</span>
          <Button size="compact-xs" disabled={marks.length < 2} onClick={compare}>
            {t('results.compare')}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => onMark([])}>
            {t('results.unmark')}
          </Button>
        </div>
      )}
      {waiting > 0 && (
        <Button
          size="compact-sm"
          radius="xl"
          className={classes.waiting ?? ''}
          leftSection={<IconArrowUp size={14} />}
          onClick={release}
        >
          {t('results.waiting', { count: waiting, shown: `${format.count(waiting)}${more ? '+' : ''}` })}
        </Button>
      )}
      <div
        {...watch}
        className={classes.scroller}
        data-dimmed={dimmed || undefined}
        tabIndex={0}
        role="region"
        aria-label={t('results.label')}
      >
        <div
          role="table"
          aria-label={t('results.label')}
          aria-rowcount={traces.length + 1}
          aria-busy={dimmed}
        >
          <div role="rowgroup" className={classes.head}>
            <div role="row" aria-rowindex={1} className={classes.row}>
              <span role="columnheader" aria-label={t('results.marks')} />
              <span role="columnheader">{t('results.trace')}</span>
              <span role="columnheader">{t('results.started')}</span>
              <span role="columnheader">{t('results.duration')}</span>
              <span role="columnheader" className={classes.number}>
                {t('results.spans')}
              </span>
              <span role="columnheader" className={classes.number}>
                {t('results.errors')}
              </span>
            </div>
          </div>
          <div role="rowgroup" className={classes.body} style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map((item) => {
              const trace = traces[item.index];
              return (
                trace && (
                  <ResultRow
                    key={trace.traceId}
                    trace={trace}
                    colours={colours}
                    slowest={slowest}
                    index={item.index}
                    offset={item.start}
                    current={item.index === at}
                    onFocus={() => setAt(item.index)}
                    marked={marks.includes(trace.traceId)}
                    onMark={() => onMark(toggled(marks, trace.traceId))}
                  />
                )
              );
            })}
          </div>
        </div>
        <div className={classes.more}>
          {hasMore ? (
            <Button variant="default" size="xs" loading={loadingMore} onClick={loadMore}>
              {t('search.loadMore')}
            </Button>
          ) : (
            <span>{t('search.allLoaded')}</span>
          )}
        </div>
      </div>
    </div>
  );
}

const SKELETON_ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** The layout of what is coming. */
export function ResultsSkeleton() {
  const { t } = useTranslation();
  return (
    <div className={classes.skeleton} role="status" aria-label={t('state.loading')}>
      <Skeleton height={190} radius="sm" />
      {SKELETON_ROWS.map((row) => (
        <Skeleton key={row} height={ROW - 12} radius="sm" />
      ))}
    </div>
  );
}
