import { Button, Skeleton } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../components/use-keys';
import { assignColours } from '../../lib/colour';
import { LogRow } from './LogRow';
import classes from './LogsPage.module.css';
import type { LogRecord } from './records';
import type { LogsState } from './view';

const ROW = 30;
/** Scrolled by less than this one still reads the newest records. */
const NEAR_TOP = 8;

type Props = {
  records: readonly LogRecord[];
  dimmed: boolean;
  open: readonly string[];
  onOpen: (open: string[]) => void;
  onFilter: (changes: Partial<LogsState>) => void;
  /** How many later records wait for the reader to come back to the top. */
  waiting: number;
  onJoin: () => void;
  onTop: (atTop: boolean) => void;
  end: 'full' | 'loading' | 'more' | 'end';
  onMore: () => void;
  onGoOn: () => void;
};

/** The records as a table of which only the rows in view are in the page. */
export function LogList(props: Props) {
  const { records, dimmed, open, onOpen, onFilter, waiting, onJoin, onTop } = props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const opened = useMemo(() => new Set(open), [open]);
  const colours = useMemo(() => {
    const counts = new Map<string, number>();
    for (const { log } of records) counts.set(log.service, (counts.get(log.service) ?? 0) + 1);
    return assignColours([...counts].map(([name, spans]) => ({ name, spans })));
  }, [records]);
  const rows = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => records[index]?.key ?? index,
    estimateSize: () => ROW,
    overscan: 10,
  });
  const toggle = (key: string) =>
    onOpen(opened.has(key) ? open.filter((one) => one !== key) : [...open.slice(-19), key]);
  const pending = useRef<number | undefined>(undefined);
  const focusRow = (index: number) => {
    const row = Math.max(0, Math.min(records.length - 1, index));
    pending.current = row;
    rows.scrollToIndex(row);
    // The row may not be in the page yet.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (pending.current !== row) return;
        pending.current = undefined;
        scroller.current?.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus({ preventScroll: true });
      }),
    );
  };
  const keys = (event: KeyboardEvent) => {
    const at = (event.target as HTMLElement).closest?.('[data-row]')?.getAttribute('data-row');
    if (event.ctrlKey || event.metaKey || event.altKey || (at == null && event.target !== scroller.current))
      return;
    // A key that repeats is faster than the rows come into the page.
    const row = pending.current ?? (at == null ? -1 : Number(at));
    const next = {
      ArrowDown: row + 1,
      ArrowUp: row - 1,
      Home: 0,
      End: records.length - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    focusRow(next);
  };
  useKeys('list', [
    { name: 'move', press: 'ArrowDown' },
    { name: 'ends', press: 'Home' },
  ]);
  return (
    <div className={classes.frame}>
      {waiting > 0 && (
        <Button
          className={classes.fresh}
          size="compact-sm"
          leftSection={<IconArrowUp size={14} aria-hidden="true" />}
          onClick={() => {
            onJoin();
            scroller.current?.scrollTo({ top: 0 });
          }}
        >
          {t('logs.fresh', { count: waiting })}
        </Button>
      )}
      <div
        ref={scroller}
        className={classes.scroller}
        data-dimmed={dimmed || undefined}
        tabIndex={0}
        role="region"
        aria-label={t('logs.list')}
        onScroll={(event) => onTop(event.currentTarget.scrollTop < NEAR_TOP)}
        onKeyDown={keys}
      >
        <div role="table" aria-label={t('logs.list')} aria-rowcount={records.length + 1} aria-busy={dimmed}>
          <div role="rowgroup" className={classes.head}>
            <div role="row" aria-rowindex={1} className={classes.columns}>
              <span role="columnheader">{t('logs.time')}</span>
              <span role="columnheader">{t('logs.severity')}</span>
              <span role="columnheader">{t('logs.service')}</span>
              <span role="columnheader">{t('logs.body')}</span>
              <span role="columnheader">{t('results.trace')}</span>
            </div>
          </div>
          <div role="rowgroup" className={classes.rows} style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map((item) => {
              const record = records[item.index];
              return (
                record && (
                  <LogRow
                    key={record.key}
                    record={record}
                    colour={colours.get(record.log.service)}
                    index={item.index}
                    offset={item.start}
                    measure={rows.measureElement}
                    open={opened.has(record.key)}
                    onToggle={() => toggle(record.key)}
                    onFilter={onFilter}
                  />
                )
              );
            })}
          </div>
        </div>
        <End {...props} />
      </div>
    </div>
  );
}

/** What comes after the last record. */
function End({ end, records, onMore, onGoOn }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.more}>
      {end === 'end' && t('logs.all')}
      {(end === 'more' || end === 'loading') && (
        <Button variant="default" size="xs" loading={end === 'loading'} onClick={onMore}>
          {t('logs.older')}
        </Button>
      )}
      {end === 'full' && (
        <>
          {t('logs.full', { count: records.length })}
          <Button variant="default" size="xs" onClick={onGoOn}>
            {t('logs.goOn')}
          </Button>
        </>
      )}
    </div>
  );
}

const SKELETON = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

export function LogListSkeleton() {
  return (
    <div className={classes.skeleton}>
      {SKELETON.map((row) => (
        <Skeleton key={row} height={ROW - 8} radius="sm" />
      ))}
    </div>
  );
}
