import { Button, Skeleton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../api/client';
import type { ServiceColour } from '../../lib/colour';
import { ResultRow } from './ResultRow';
import classes from './Results.module.css';

const ROW = 56;

type Props = {
  traces: TraceSummary[];
  colours: Map<string, ServiceColour>;
  /** What is shown belongs to the question before; the answer is on its way. */
  dimmed: boolean;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
};

/** The traces as a table; only the rows in view are in the page. */
export function Results({ traces, colours, dimmed, hasMore, loadingMore, loadMore }: Props) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
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
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      data-dimmed={dimmed || undefined}
      tabIndex={0}
      role="region"
      aria-label={t('results.label')}
    >
      <div role="table" aria-label={t('results.label')} aria-rowcount={traces.length + 1} aria-busy={dimmed}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" aria-rowindex={1} className={classes.row}>
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
