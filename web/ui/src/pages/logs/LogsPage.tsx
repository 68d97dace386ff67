import { Button, Title } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Empty, Waiting } from '../../components/Result';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { rangeParams } from '../../lib/view';
import { parseInstant, toMillis } from '../../units';
import { LogFilters } from './LogFilters';
import { LogHistogram } from './LogHistogram';
import { LogList, LogListSkeleton } from './LogList';
import classes from './LogsPage.module.css';
import { useRecords } from './use-records';
import { LOGS } from './view';

/** Log records by text, service, severity and trace, newest first; they go on by themselves while live. */
export function LogsPage() {
  const { t } = useTranslation();
  const { state, change, replace, ignored } = useView(LOGS);
  const { range, live, refetchInterval, set, setLive } = useRange();
  const [atTop, setAtTop] = useState(true);
  const { text, service, minSeverity, traceId, from, to } = state;
  const request = useMemo(
    () => ({
      ...rangeParams({ from, to }),
      ...(text && { text }),
      ...(service && { service }),
      ...(minSeverity && { minSeverity }),
      ...(traceId && { traceId }),
    }),
    [text, service, minSeverity, traceId, from, to],
  );
  const { pages, records, waiting, join, full, skipped, tailError } = useRecords(
    request,
    refetchInterval,
    // An unfolded record is being read; it must not move either.
    atTop && (state.open ?? []).length === 0,
  );
  const filtered = text || service || minSeverity || traceId;
  const goOn = () => {
    const oldest = records.at(-1);
    if (!oldest) return;
    // The range's end is exclusive; the instant of the oldest record belongs to the next page too.
    const end = new Date(toMillis(parseInstant(oldest.log.timeNs)) + 1).toISOString();
    set({ from: range.from, to: end });
  };
  return (
    <div className={classes.page}>
      <LogFilters state={state} change={change} />
      <IgnoredNote ignored={ignored} />
      <div className={classes.histogram}>
        <LogHistogram request={request} refetchInterval={refetchInterval} onRange={set} />
      </div>
      <div className={classes.toolbar}>
        <Title order={1} size="h3" aria-live="polite">
          {pages.data
            ? t(pages.hasNextPage || full ? 'logs.foundMore' : 'logs.found', { count: records.length })
            : t('logs.title')}
        </Title>
        {skipped && <span className={classes.warning}>{t('logs.skipped')}</span>}
        {tailError && (
          <span className={classes.warning} role="status">
            {t('logs.lost')}
          </span>
        )}
        <span className={classes.spring} />
        {range.to === 'now' && (
          <Button
            size="xs"
            variant={live ? 'light' : 'default'}
            aria-pressed={live}
            leftSection={
              live ? (
                <IconPlayerPause size={14} aria-hidden="true" />
              ) : (
                <IconPlayerPlay size={14} aria-hidden="true" />
              )
            }
            onClick={() => setLive(!live)}
          >
            {live ? t('logs.pause') : t('logs.follow')}
          </Button>
        )}
      </div>
      {pages.isPending ? (
        <Waiting>
          <LogListSkeleton />
        </Waiting>
      ) : pages.isError && records.length === 0 ? (
        <ErrorState error={pages.error} retry={() => void pages.refetch()} />
      ) : records.length === 0 ? (
        <Empty title={t('logs.empty')}>
          {t(filtered ? 'logs.emptyHint' : 'logs.emptyRange')}
          <Button variant="default" size="xs" onClick={() => set({ from: 'now-24h', to: 'now' })}>
            {t('logs.widen')}
          </Button>
        </Empty>
      ) : (
        <LogList
          records={records}
          dimmed={pages.isPlaceholderData}
          open={state.open ?? []}
          onOpen={(open) => replace({ open: open.length > 0 ? open : undefined })}
          onFilter={change}
          waiting={waiting}
          onJoin={join}
          onTop={setAtTop}
          end={full ? 'full' : pages.isFetchingNextPage ? 'loading' : pages.hasNextPage ? 'more' : 'end'}
          onMore={() => void pages.fetchNextPage()}
          onGoOn={goOn}
        />
      )}
    </div>
  );
}
