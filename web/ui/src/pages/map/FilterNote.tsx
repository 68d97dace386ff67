import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keepTime } from '../../components/Navigation';
import type { Change } from '../../components/use-view';
import type { TraceSearch } from '../../lib/trace-search';
import classes from './MapPage.module.css';
import type { MAP } from './view';

type Props = { filters: TraceSearch; traces: number | undefined; change: Change<typeof MAP> };

/** Says that the map is that of some traces only, and of which. */
export function FilterNote({ filters, traces, change }: Props) {
  const { t } = useTranslation();
  const list = Object.entries(filters).flatMap(([key, value]) =>
    key === 'attr' ? (value as string[]) : [`${key}=${value}`],
  );
  const none = Object.fromEntries(Object.keys(filters).map((key) => [key, undefined]));
  return (
    <div className={classes.filter} role="status">
      <span>
        {traces === undefined ? t('map.ofTraces') : t('map.ofTracesCount', { count: traces })}{' '}
        {list.map((one) => (
          <code key={one}>{one} </code>
        ))}
        <span className={classes.dimmed}> {t('map.filteredHint')}</span>
      </span>
      <Link
        to="/traces"
        search={(before: Record<string, unknown>) => ({ ...keepTimeOf(before), ...filters }) as never}
      >
        {t('map.toTheseTraces')}
      </Link>
      <Button size="compact-xs" variant="default" onClick={() => change({ ...none, z: undefined })}>
        {t('map.allTraces')}
      </Button>
    </div>
  );
}

const keepTimeOf = keepTime as unknown as (before: Record<string, unknown>) => Record<string, unknown>;
