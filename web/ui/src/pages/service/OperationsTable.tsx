import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type OperationStats, useOperationStats } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { Duration, ErrorShare, withTime } from '../functions/cells';
import classes from '../functions/functions.module.css';

type Props = { service: string; sort: string; onSort: (sort: string) => void };

/** What a service does, by span name: calls, errors, durations, Apdex. A name leads to its traces. */
export function OperationsTable({ service, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, rate, number } = useFigures();
  const stats = useOperationStats(useRange(), service);
  const columns = useMemo((): Column<OperationStats>[] => {
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<OperationStats> => ({
      id,
      label: id,
      numeric: true,
      value: (row) => row[`${id}Ns`],
      render: (row) => <Duration ns={row[`${id}Ns`]} />,
    });
    return [
      {
        id: 'name',
        label: t('fn.operation'),
        value: (row) => row.name ?? '',
        render: (row) => (
          <Link
            to="/traces"
            search={withTime({
              service,
              ...(row.name && { operation: row.name }),
              ...(row.kind && { kind: row.kind }),
            })}
            className={`${classes.name} ${classes.clip}`}
            title={row.name}
          >
            {row.name || '–'}
          </Link>
        ),
      },
      {
        id: 'kind',
        label: t('fn.kind'),
        value: (row) => row.kind ?? '',
        render: (row) => (row.kind ? t(`kind.${row.kind}`) : '–'),
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
        value: (row) => row.rate,
        render: (row) => <span className={classes.nowrap}>{rate(row.rate)}</span>,
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
        id: 'apdex',
        label: 'Apdex',
        numeric: true,
        value: (row) => row.apdex,
        render: (row) => number(row.apdex),
      },
      {
        id: 'time',
        label: t('fn.timeShare'),
        numeric: true,
        value: (row) => row.timeNs,
        render: (row) => <span title={format.duration(row.timeNs)}>{percent(row.timeShare)}</span>,
      },
    ];
  }, [t, format, percent, rate, number, service]);
  const threshold = stats.data ? format.duration(stats.data.apdexThresholdNs) : '';
  return (
    <Panel title={t('fn.operations')} note={threshold && t('fn.apdexHint', { duration: threshold })}>
      <Result
        query={stats}
        height={200}
        isEmpty={(data) => data.operations.length === 0}
        empty={<Empty title={t('fn.noOperations')} />}
      >
        {(data) => (
          <DataTable
            label={t('fn.operations')}
            rows={data.operations}
            columns={columns}
            rowId={(row) => `${row.kind} ${row.name}`}
            sort={sort}
            onSort={onSort}
          />
        )}
      </Result>
    </Panel>
  );
}
