import { Button, NativeSelect } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type InvocationFilter, useInvocations } from '../../api/functions';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import classes from './functions.module.css';
import { InvocationsTable } from './InvocationsTable';
import { type FUNCTION, type FunctionState, OUTCOMES } from './view';

type Props = { name: string; state: FunctionState; replace: Change<typeof FUNCTION> };

/** Single invocations, newest first. */
export function InvocationsTab({ name, state, replace }: Props) {
  const { t } = useTranslation();
  const { outcome, cold, version } = state;
  const filter = useMemo(
    (): InvocationFilter => ({
      ...(outcome && { outcome: [outcome] }),
      ...(cold && { cold: cold === 'true' }),
      ...(version && { version: [version] }),
    }),
    [outcome, cold, version],
  );
  const invocations = useInvocations(name, useRange(), filter);
  const rows = useMemo(
    () => invocations.data?.pages.flatMap((page) => page.invocations) ?? [],
    [invocations.data],
  );
  return (
    <Panel
      title={t('fn.invocations')}
      tools={
        <>
          <NativeSelect
            size="xs"
            aria-label={t('fn.outcomes')}
            value={outcome ?? ''}
            data={[
              { value: '', label: t('fn.anyOutcome') },
              ...OUTCOMES.map((one) => ({ value: one, label: t(`fn.outcome.${one}`) })),
            ]}
            onChange={(event) =>
              replace({ outcome: OUTCOMES.find((one) => one === event.currentTarget.value) })
            }
          />
          <NativeSelect
            size="xs"
            aria-label={t('fn.start')}
            value={cold ?? ''}
            data={[
              { value: '', label: t('fn.anyStart') },
              { value: 'true', label: t('fn.onlyCold') },
              { value: 'false', label: t('fn.onlyWarm') },
            ]}
            onChange={(event) =>
              replace({ cold: (['true', 'false'] as const).find((one) => one === event.currentTarget.value) })
            }
          />
        </>
      }
    >
      <Result query={invocations} height={320} isEmpty={() => rows.length === 0} empty={<Empty />}>
        {() => (
          <InvocationsTable
            label={t('fn.invocations')}
            rows={rows}
            sort={state.sort ?? '-time'}
            onSort={(sort) => replace({ sort: sort === '-time' ? undefined : sort })}
          />
        )}
      </Result>
      {invocations.hasNextPage && (
        <div className={classes.bar}>
          <Button
            size="xs"
            variant="default"
            loading={invocations.isFetchingNextPage}
            onClick={() => void invocations.fetchNextPage()}
          >
            {t('fn.more')}
          </Button>
        </div>
      )}
    </Panel>
  );
}
