import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type FunctionDetail, useFunction } from '../../api/functions';
import { DataTable } from '../../components/DataTable';
import { type Figure, Figures } from '../../components/Figures';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { OperationsTable } from '../service/OperationsTable';
import { Memory } from './cells';
import classes from './functions.module.css';
import { OverviewCharts } from './OverviewCharts';
import { type FUNCTION, type FunctionState, OUTCOMES } from './view';

type Props = { name: string; state: FunctionState; replace: Change<typeof FUNCTION> };

export function OverviewTab({ name, state, replace }: Props) {
  const { t } = useTranslation();
  const range = useRange();
  const detail = useFunction(name, range, state.version);
  return (
    <div className={classes.stack}>
      <Result
        query={detail}
        height={420}
        isEmpty={(data) => data.invocations === 0}
        empty={
          <Empty title={t('fn.notInvoked')}>
            <span>{t('fn.notInvokedHint', { name })}</span>
            <Button size="xs" variant="default" onClick={() => range.set({ from: 'now-24h', to: 'now' })}>
              {t('fn.widen')}
            </Button>
          </Empty>
        }
      >
        {(data) => (
          <div className={classes.stack}>
            <Summary data={data} />
            <OverviewCharts data={data} />
            {data.outcomes.length > 1 && <Outcomes data={data} />}
          </div>
        )}
      </Result>
      <OperationsTable
        service={name}
        sort={state.sort ?? '-time'}
        onSort={(sort) => replace({ sort: sort === '-time' ? undefined : sort })}
      />
    </div>
  );
}

function Summary({ data }: { data: FunctionDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, rate, number } = useFigures();
  const seconds = Math.max(1, (Number(data.toNs) - Number(data.fromNs)) / 1e9);
  const figures: Figure[] = [
    { label: t('fn.invocations'), value: format.count(data.invocations) },
    { label: t('fn.rate'), value: rate(data.invocations / seconds) },
    { label: t('fn.errors'), value: format.count(data.errors), bad: data.errors > 0 },
    { label: t('fn.errorRate'), value: percent(data.errorRate), bad: data.errorRate >= 0.01 },
    { label: 'p50', value: format.duration(data.p50Ns) },
    { label: 'p95', value: format.duration(data.p95Ns) },
    { label: 'p99', value: format.duration(data.p99Ns) },
    { label: t('fn.cold'), value: percent(data.coldShare) },
    { label: t('fn.initP95'), value: data.inits.ready > 0 ? format.duration(data.inits.p95Ns) : '–' },
    { label: t('fn.timeouts'), value: format.count(data.timeouts), bad: data.timeouts > 0 },
    { label: t('fn.throttles'), value: format.count(data.throttles), bad: data.throttles > 0 },
    { label: t('fn.memory'), value: <Memory {...data.resources} /> },
    {
      label: t('fn.cost'),
      value: data.resources.gibSeconds > 0 ? `${number(data.resources.gibSeconds)} GiB·s` : '–',
    },
    { label: t('fn.cpu'), value: format.duration(data.resources.cpuNs) },
    { label: t('fn.contract'), value: data.resources.contract || '–' },
  ];
  return <Figures figures={figures} />;
}

function Outcomes({ data }: { data: FunctionDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const word = (outcome: string) => {
    const known = OUTCOMES.find((one) => one === outcome);
    return known ? t(`fn.outcome.${known}`) : outcome;
  };
  return (
    <Panel title={t('fn.outcomes')}>
      <DataTable
        label={t('fn.outcomes')}
        rows={data.outcomes.toSorted((a, b) => b.invocations - a.invocations)}
        rowId={(row) => row.outcome}
        sort=""
        onSort={() => undefined}
        columns={[
          { id: 'outcome', label: t('fn.outcomeTitle'), render: (row) => word(row.outcome) },
          {
            id: 'count',
            label: t('fn.invocations'),
            numeric: true,
            render: (row) => format.count(row.invocations),
          },
          {
            id: 'share',
            label: t('fn.share'),
            numeric: true,
            render: (row) => percent(row.invocations / data.invocations),
          },
        ]}
      />
    </Panel>
  );
}
