import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/client';
import { useTrace } from '../../api/queries';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useView } from '../../components/use-view';
import { TRACE } from '../../lib/trace-view';
import { OpenTrace } from './OpenTrace';
import classes from './TracePage.module.css';

const route = getRouteApi('/trace/$traceId');

export function TracePage() {
  const { traceId } = route.useParams();
  const { t } = useTranslation();
  const trace = useTrace(traceId);
  const { ignored } = useView(TRACE);
  if (trace.isPending) {
    return (
      <div className={classes.skeleton} role="status" aria-label={t('state.loading')}>
        <Skeleton height={56} />
        <Skeleton height={64} />
        <Skeleton height="60vh" />
      </div>
    );
  }
  if (trace.error instanceof ApiError && trace.error.status === 404) {
    return (
      <Stack align="center" gap="xs" p="xl">
        <Title order={1}>{t('trace.notFound')}</Title>
        <Text c="dimmed">{t('trace.notFoundHint')}</Text>
        <code>{traceId}</code>
        <Button mt="sm" loading={trace.isFetching} onClick={() => void trace.refetch()}>
          {t('state.retry')}
        </Button>
      </Stack>
    );
  }
  if (!trace.data) return <ErrorState error={trace.error} retry={() => void trace.refetch()} />;
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <OpenTrace
        key={traceId}
        model={trace.data}
        reload={() => void trace.refetch()}
        reloading={trace.isFetching}
      />
    </div>
  );
}
