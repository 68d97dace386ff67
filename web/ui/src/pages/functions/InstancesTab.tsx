import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Instance, useInstances } from '../../api/functions';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { resolveRange } from '../../lib/range';
import { parseInstant } from '../../units';
import { Duration } from './cells';
import classes from './functions.module.css';
import { Life, StateWord } from './Life';
import type { FUNCTION, FunctionState } from './view';

type Props = { name: string; state: FunctionState; replace: Change<typeof FUNCTION> };

const ended = ({ state }: Instance) => state === 'stopped' || state === 'failed';

/** How long an instance lived, in nanoseconds; one that still lives, until endMs. */
const livedNs = (row: Instance, endMs: number) =>
  ended(row) ? Number(row.lastNs) - Number(row.firstNs) : endMs * 1e6 - Number(row.firstNs);

/** The instances as bars over time, and what became of them. */
export function InstancesTab({ name, state, replace }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const range = useRange();
  const instances = useInstances(name, range);
  const { version, sort = '-started' } = state;
  const { dataUpdatedAt } = instances;
  // What was answered then is drawn up to then: a bar must not grow on its own.
  const window = useMemo(() => resolveRange(range.range, dataUpdatedAt), [range.range, dataUpdatedAt]);
  const rows = useMemo(
    () => (instances.data?.instances ?? []).filter((one) => !version || one.version === version),
    [instances.data, version],
  );
  const columns = useMemo(
    (): Column<Instance>[] => [
      {
        id: 'instance',
        label: t('fn.instance'),
        value: (row) => row.id,
        render: (row) => (
          <span className={classes.mono} title={row.id}>
            {row.id.slice(0, 8)}
          </span>
        ),
      },
      {
        id: 'lifetime',
        label: t('fn.lifetime'),
        width: '40%',
        render: (row) => <Life instance={row} window={window} ended={ended(row)} />,
      },
      {
        id: 'state',
        label: t('fn.stateTitle'),
        value: (row) => row.state,
        render: (row) => <StateWord state={row.state} />,
      },
      {
        id: 'reason',
        label: t('fn.reason'),
        value: (row) => row.reason,
        render: (row) => <Reason row={row} />,
      },
      {
        id: 'started',
        label: t('fn.started'),
        value: (row) => Number(row.firstNs),
        render: (row) => (
          <span className={classes.nowrap}>{format.instantShort(parseInstant(row.firstNs))}</span>
        ),
      },
      {
        id: 'lived',
        label: t('fn.lived'),
        numeric: true,
        value: (row) => livedNs(row, window.toMs),
        render: (row) => <Duration ns={livedNs(row, window.toMs)} />,
      },
      {
        id: 'init',
        label: t('fn.init'),
        numeric: true,
        value: (row) => row.initNs,
        render: (row) => <Duration ns={row.initNs} />,
      },
      {
        id: 'freezes',
        label: t('fn.freezes'),
        numeric: true,
        value: (row) => row.freezes,
        render: (row) => format.count(row.freezes),
      },
      { id: 'version', label: t('fn.version'), value: (row) => row.version, render: (row) => row.version },
    ],
    [t, format, window],
  );
  const total = instances.data?.total ?? 0;
  const shown = instances.data?.instances.length ?? 0;
  return (
    <Panel title={t('fn.tab.instances')} note={t('fn.instancesHint')}>
      <Result
        query={instances}
        height={280}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={t('fn.noInstances')} />}
      >
        {() => (
          <DataTable
            label={t('fn.tab.instances')}
            rows={rows}
            columns={columns}
            rowId={(row) => row.id}
            sort={sort}
            onSort={(chosen) => replace({ sort: chosen === '-started' ? undefined : chosen })}
          />
        )}
      </Result>
      {shown < total && (
        <Text size="xs" c="dimmed">
          {t('fn.more500', { shown: format.count(shown), total: format.count(total) })}
        </Text>
      )}
    </Panel>
  );
}

function Reason({ row }: { row: Instance }) {
  const { t } = useTranslation();
  const error = [row.errorType, row.errorMessage].filter(Boolean).join(': ');
  const text = [
    row.reason, // What was killed has no exit code of its own.
    row.exitCode > 0 && t('fn.exit', { code: row.exitCode }),
    error,
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <span className={classes.clip} title={text}>
      {text || '–'}
    </span>
  );
}
