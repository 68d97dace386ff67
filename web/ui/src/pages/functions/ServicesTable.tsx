import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { TopologyNode } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { Duration, ErrorShare, NodeLink, Some } from './cells';
import { type Trend, TrendCell } from './FunctionsTable';
import classes from './functions.module.css';

export type ServiceRow = Pick<
  TopologyNode,
  'id' | 'kind' | 'name' | 'system' | 'calls' | 'errors' | 'errorRate' | 'p50Ns' | 'p95Ns' | 'p99Ns'
>;

type Props = {
  rows: readonly ServiceRow[];
  seconds: number;
  trends: ReadonlyMap<string, Trend>;
  sort: string;
  onSort: (sort: string) => void;
};

/** What took part beside functions: services, databases, caches, queues and hosts. seconds is how long the range is. */
export function ServicesTable({ rows, seconds, trends, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { rate } = useFigures();
  const columns = useMemo((): Column<ServiceRow>[] => {
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<ServiceRow> => ({
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
        render: (row) => <NodeLink kind={row.kind} name={row.name} />,
      },
      {
        id: 'kind',
        label: t('fn.kind'),
        value: (row) => row.kind,
        render: (row) => t(`fn.kinds.${row.kind}`),
      },
      {
        id: 'system',
        label: t('fn.system'),
        value: (row) => row.system ?? '',
        render: (row) => row.system ?? <span className={classes.dim}>–</span>,
      },
      {
        id: 'calls',
        label: t('fn.calls'),
        numeric: true,
        value: (row) => row.calls,
        render: (row) => format.count(row.calls),
      },
      {
        id: 'rate',
        label: t('fn.rate'),
        numeric: true,
        value: (row) => row.calls,
        render: (row) => <span className={classes.nowrap}>{rate(row.calls / seconds)}</span>,
      },
      {
        id: 'errorRate',
        label: t('fn.errorRate'),
        numeric: true,
        value: (row) => row.errorRate,
        render: (row) => <ErrorShare share={row.errorRate} />,
      },
      {
        id: 'errors',
        label: t('fn.errors'),
        numeric: true,
        value: (row) => row.errors,
        render: (row) => <Some n={row.errors} />,
      },
      duration('p50'),
      duration('p95'),
      duration('p99'),
      {
        id: 'trend',
        label: t('fn.trend'),
        render: (row) => <TrendCell trend={trends.get(row.id)} />,
      },
    ];
  }, [t, format, rate, seconds, trends]);
  return (
    <DataTable
      label={t('fn.services')}
      rows={rows}
      columns={columns}
      rowId={(row) => row.id}
      sort={sort}
      onSort={onSort}
    />
  );
}
