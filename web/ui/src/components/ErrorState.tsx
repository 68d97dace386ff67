import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client';
import { useCopy } from './CopyButton';
import { Note } from './Note';

/** Stands where the data would: what failed, the request's id, another try, and the details for a report. */
export function ErrorState({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation();
  const { copy, done } = useCopy();
  const api = error instanceof ApiError ? error : undefined;
  const message =
    api?.status === 0 ? t('state.unreachable') : error instanceof Error ? error.message : String(error);
  const details = api?.details() ?? String(error instanceof Error ? (error.stack ?? error.message) : error);
  return (
    <Note tone="error" title={t('state.failed')}>
      <Text>{message}</Text>
      {api?.problem.requestId && (
        <Text c="dimmed" size="xs">
          {t('state.requestId', { id: api.problem.requestId })}
        </Text>
      )}
      <Group gap="xs" mt="sm">
        <Button size="xs" onClick={retry}>
          {t('state.retry')}
        </Button>
        <Button size="xs" variant="default" onClick={() => void copy(details)}>
          {done ? t('state.copied') : t('state.copyDetails')}
        </Button>
      </Group>
    </Note>
  );
}
