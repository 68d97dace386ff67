import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FunctionStats } from '../../api/functions';
import { nodeId } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { keepTime } from '../../components/Navigation';
import { Sparkline } from '../../components/Sparkline';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { Duration, ErrorShare, Memory, Some } from './cells';
import classes from './functions.module.css';

/** Calls and errors of a node, step by step. */
export type Trend = { calls: number[]; errors: number[] };

type Props = {
  rows: readonly FunctionStats[];
  trends: ReadonlyMap<string, Trend>;
  sort: string;
  onSort: (sort: string) => void;
};

export function FunctionsTable({ rows, trends, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, rate, number } = useFigures();
  const columns = useMemo((): Column<FunctionStats>[] => {
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<FunctionStats> => ({
      id,
      label: id,
      numeric: true,
      value: (row) => row[`${id}Ns`],
      render: (row) => <Duration ns={row[`${id}Ns`]} />,
    });
    return [
      {
        id: 'name',
        label: t('fn.name'),
        value: (row) => row.name,
        render: (row) => (
          <Link
            to="/functions/$name"
            params={{ name: row.name }}
            search={keepTime}
            className={classes.name ?? ''}
          >
            {row.name}
            {row.resources.contract && <span className={classes.contract}>{row.resources.contract}</span>}
          </Link>
        ),
      },
      {
        id: 'version',
        label: t('fn.version'),
        render: (row) => (
          <span className={classes.nowrap} title={row.versions.join(', ')}>
            {row.versions.length > 2
              ? `${row.versions.slice(0, 2).join(', ')} +${row.versions.length - 2}`
              : row.versions.join(', ')}
          </span>
        ),
      },
      {
        id: 'invocations',
        label: t('fn.invocations'),
        numeric: true,
        value: (row) => row.invocations,
        render: (row) => format.count(row.invocations),
      },
      {
        id: 'rate',
        label: t('fn.rate'),
        numeric: true,
        value: (row) => row.rate,
        render: (row) => <span className={classes.nowrap}>{rate(row.rate)}</span>,
      },
      {
        id: 'trend',
        label: t('fn.trend'),
        render: (row) => <TrendCell trend={trends.get(nodeId('function', row.name))} />,
      },
      {
        id: 'errorRate',
        label: t('fn.errorRate'),
        numeric: true,
        value: (row) => row.errorRate,
        render: (row) => <ErrorShare share={row.errorRate} />,
      },
      duration('p50'),
      duration('p95'),
      duration('p99'),
      {
        id: 'coldStarts',
        label: t('fn.cold'),
        numeric: true,
        value: (row) => row.coldShare,
        render: (row) => (
          <span title={`${t('fn.coldStarts')}: ${format.count(row.coldStarts)}`}>
            {percent(row.coldShare)}
          </span>
        ),
      },
      {
        id: 'init',
        label: t('fn.initP95'),
        numeric: true,
        value: (row) => row.inits.p95Ns,
        render: (row) => <Duration ns={row.inits.p95Ns} />,
      },
      {
        id: 'memory',
        label: t('fn.memory'),
        numeric: true,
        value: (row) => row.resources.maxMemoryBytes,
        render: (row) => <Memory {...row.resources} />,
      },
      {
        id: 'cost',
        label: t('fn.cost'),
        numeric: true,
        value: (row) => row.resources.gibSeconds,
        render: (row) => (
          <span
            className={classes.nowrap}
            title={t('fn.costOf', { cpu: format.duration(row.resources.cpuNs) })}
          >
            {row.resources.gibSeconds > 0 ? `${number(row.resources.gibSeconds)} GiB·s` : '–'}
          </span>
        ),
      },
      {
        id: 'timeouts',
        label: t('fn.timeouts'),
        numeric: true,
        value: (row) => row.timeouts,
        render: (row) => <Some n={row.timeouts} bad />,
      },
      {
        id: 'throttles',
        label: t('fn.throttles'),
        numeric: true,
        value: (row) => row.throttles,
        render: (row) => <Some n={row.throttles} bad />,
      },
      {
        id: 'lastSeen',
        label: t('fn.lastSeen'),
        numeric: true,
        value: (row) => Number(row.lastSeenNs),
        render: (row) => (
          <span className={classes.nowrap}>
            {row.lastSeenNs === '0' ? '–' : format.ago(parseInstant(row.lastSeenNs))}
          </span>
        ),
      },
    ];
  }, [t, format, percent, rate, number, trends]);
  return (
    <DataTable
      label={t('fn.title')}
      rows={rows}
      columns={columns}
      rowId={(row) => row.name}
      sort={sort}
      onSort={onSort}
    />
  );
}

export function TrendCell({ trend }: { trend: Trend | undefined }) {
  const { t } = useTranslation();
  const format = useFormats();
  if (!trend) return <span className={classes.dim}>–</span>;
  return (
    <Sparkline
      values={trend.calls}
      errors={trend.errors}
      label={t('fn.trendOf', { most: format.count(Math.max(0, ...trend.calls)) })}
    />
  );
}
