import { Button, NativeSelect, Skeleton, Stack } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useServiceLogs } from '../../api/services';
import { FilterInput } from '../../components/FilterInput';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useRange } from '../../components/use-range';
import { SEVERITIES } from '../functions/view';
import { LogTable } from './LogTable';

type LogState = { severity?: (typeof SEVERITIES)[number] | undefined; q?: string | undefined };

type Props = {
  name: string;
  state: LogState;
  replace: (changes: LogState) => void;
  settle: (changes: LogState) => void;
};

/** Log records of a function or service, newest first. */
export function LogsTab({ name, state, replace, settle }: Props) {
  const { t } = useTranslation();
  const { severity, q } = state;
  const logs = useServiceLogs(useRange(), name, severity, q);
  const rows = useMemo(() => logs.data?.pages.flatMap((page) => page.logs) ?? [], [logs.data]);
  return (
    <Panel
      title={t('fn.tab.logs')}
      tools={
        <>
          <FilterInput
            main
            label={t('fn.logText')}
            value={q ?? ''}
            onChange={(text) => settle({ q: text || undefined })}
          />
          <NativeSelect
            size="xs"
            aria-label={t('fn.severity')}
            value={severity ?? ''}
            data={[
              { value: '', label: t('fn.anySeverity') },
              ...SEVERITIES.map((one) => ({ value: one, label: `≥ ${one.toUpperCase()}` })),
            ]}
            onChange={(event) =>
              replace({ severity: SEVERITIES.find((one) => one === event.currentTarget.value) })
            }
          />
        </>
      }
    >
      <Result
        query={logs}
        skeleton={
          <Stack gap="xs">
            <Skeleton height={24} />
            <Skeleton height={24} />
            <Skeleton height={24} />
          </Stack>
        }
        isEmpty={() => rows.length === 0}
        empty={<Empty title={severity || q ? t('fn.noLogsLike') : t('fn.noLogs')} />}
      >
        {() => <LogTable rows={rows} />}
      </Result>
      {logs.hasNextPage && (
        <div>
          <Button
            size="xs"
            variant="default"
            loading={logs.isFetchingNextPage}
            onClick={() => void logs.fetchNextPage()}
          >
            {t('fn.older')}
          </Button>
        </div>
      )}
    </Panel>
  );
}
