import { Button, Skeleton, Text } from '@mantine/core';
import { type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorState } from './ErrorState';
import classes from './Result.module.css';
import { useFormats } from './use-formats';

type Props<T> = {
  query: Pick<UseQueryResult, 'isError' | 'error' | 'isPlaceholderData' | 'refetch'> & {
    data: T | undefined;
  };
  /** The layout to come, shown while nothing is known yet; else a plain block of this height in pixels. */
  skeleton?: ReactNode;
  height?: number;
  /** What stands there when the answer is empty. */
  empty?: ReactNode;
  isEmpty?: (data: NonNullable<T>) => boolean;
  children: (data: NonNullable<T>) => ReactNode;
};

/**
 * One query's place on a page: nothing for a moment, then the layout to come, how long it takes already and a way to stop it;
 * what failed where it failed; the last answer, dimmed, while the next is on its way.
 */
export function Result<T extends object>({
  query,
  skeleton,
  height = 160,
  empty,
  isEmpty,
  children,
}: Props<T>) {
  const { data } = query;
  if (data == null && query.isError)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (data == null) {
    return <Waiting>{skeleton ?? <Skeleton height={height} />}</Waiting>;
  }
  return (
    <>
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      <div className={classes.content} data-dimmed={query.isPlaceholderData || undefined}>
        {isEmpty?.(data) ? (empty ?? <Empty />) : children(data)}
      </div>
    </>
  );
}

const SHOW_MS = 150;
const LONG_S = 3;

/** Shows nothing while an answer may come at once, and says how long it takes when it does not come. */
export function Waiting({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormats();
  const queries = useQueryClient();
  const [seconds, setSeconds] = useState(-1);
  useEffect(() => {
    const began = performance.now();
    const show = setTimeout(() => setSeconds(0), SHOW_MS);
    const count = setInterval(() => setSeconds(Math.floor((performance.now() - began) / 1000)), 1000);
    return () => {
      clearTimeout(show);
      clearInterval(count);
    };
  }, []);
  return (
    <div
      role="status"
      aria-label={t('state.loading')}
      className={classes.waiting}
      data-shown={seconds >= 0 || undefined}
    >
      {children}
      {seconds >= LONG_S && (
        <div className={classes.long}>
          <Text size="xs" c="dimmed">
            {t('state.takes', { seconds: format.count(seconds) })}
          </Text>
          <Button size="compact-xs" variant="default" onClick={() => void queries.cancelQueries()}>
            {t('state.cancel')}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Says that there is nothing, and why or what to do. */
export function Empty({ title, children }: { title?: string; children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={classes.empty} role="status">
      <Text fw={550}>{title ?? t('state.empty')}</Text>
      {children}
    </div>
  );
}
