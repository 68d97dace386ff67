import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStats } from '../../api/queries';
import { useFormats } from '../../components/use-formats';
import type { TraceSearch } from '../../lib/trace-search';
import { rangeOf } from '../../lib/view';
import { fromMillis, parseInstant, toMillis } from '../../units';
import { activeFilters, type UpdateSearch } from './filters';

const HOUR_MS = 3_600_000;

/** Says what emptied the result, and offers to lift each of it. */
export function EmptyResult({ search, update }: { search: TraceSearch; update: UpdateSearch }) {
  const { t } = useTranslation();
  const format = useFormats();
  const stats = useStats();
  const filters = activeFilters(search, t);
  const newest = stats.data?.signals.find((s) => s.signal === 'traces')?.newestNs;
  const showNewest = (ns: string) => {
    const ms = toMillis(parseInstant(ns));
    const iso = (at: number) => new Date(at).toISOString();
    update({ from: iso(ms - HOUR_MS), to: iso(ms + 1000) });
  };
  return (
    <Stack align="center" gap="sm" p="xl" role="status">
      <Title order={2}>{t('search.emptyTitle')}</Title>
      <Text c="dimmed">{filters.length === 0 ? t('search.emptyRange') : t('search.emptyFilters')}</Text>
      <Group gap="xs" justify="center" maw={640}>
        {filters.map((filter) => (
          <Button
            key={filter.id}
            size="compact-sm"
            variant="light"
            rightSection={<IconX size={13} />}
            aria-label={t('search.removeFilter', { filter: filter.label })}
            onClick={() => update(filter.without)}
          >
            {filter.label}
          </Button>
        ))}
      </Group>
      <Group gap="xs" mt="xs">
        {rangeOf(search).from !== 'now-24h' && (
          <Button size="xs" variant="default" onClick={() => update({ from: 'now-24h', to: undefined })}>
            {t('search.widen')}
          </Button>
        )}
        {newest && (
          <Button size="xs" variant="default" onClick={() => showNewest(newest)}>
            {t('search.showNewest')}
          </Button>
        )}
      </Group>
      {newest && (
        <Text c="dimmed" size="xs">
          {t('search.newestAt', { time: format.instant(fromMillis(toMillis(parseInstant(newest)))) })}
        </Text>
      )}
    </Stack>
  );
}
