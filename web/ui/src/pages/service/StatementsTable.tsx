import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Statement, useStatements } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { parseInstant } from '../../units';
import { Duration, ErrorShare, TraceLink } from '../functions/cells';
import classes from '../functions/functions.module.css';
import own from './Statements.module.css';

type Props = {
  name: string;
  /** name is the database, not who asks it. */
  peer: boolean;
  sort: string;
  onSort: (sort: string) => void;
};

/** What each statement costs, whatever its literals, and who runs it. */
export function StatementsTable({ name, peer, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, rate, number } = useFigures();
  const statements = useStatements(useRange(), peer ? '' : name);
  const rows = useMemo(
    () => (statements.data?.statements ?? []).filter(({ peers }) => !peer || peers.includes(name)),
    [statements.data, peer, name],
  );
  const columns = useMemo((): Column<Statement>[] => {
    // Of this table's rows only: the API's share is of all statements.
    const all = Math.max(
      1,
      rows.reduce((sum, row) => sum + row.timeNs, 0),
    );
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<Statement> => ({
      id,
      label: id,
      numeric: true,
      value: (row) => row[`${id}Ns`],
      render: (row) => <Duration ns={row[`${id}Ns`]} />,
    });
    return [
      {
        id: 'name',
        label: t('fn.statement'),
        value: (row) => row.statement,
        render: (row) => (
          <code className={own.statement} title={row.statement}>
            {row.statement}
          </code>
        ),
      },
      {
        id: 'callers',
        label: t('fn.callersShort'),
        value: (row) => row.services.join(', '),
        render: (row) => row.services.join(', '),
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
        id: 'time',
        label: t('fn.timeShare'),
        numeric: true,
        value: (row) => row.timeNs,
        render: (row) => <span title={format.duration(row.timeNs)}>{percent(row.timeNs / all)}</span>,
      },
      {
        id: 'callsPerTrace',
        label: t('fn.perTrace'),
        numeric: true,
        value: (row) => row.callsPerTrace,
        render: (row) => (
          <span title={t('fn.mostInTrace', { n: format.count(row.mostCallsInTrace) })}>
            {number(row.callsPerTrace)}
          </span>
        ),
      },
      {
        id: 'newest',
        label: t('fn.newestTrace'),
        value: (row) => Number(row.newestNs),
        render: (row) => (
          <TraceLink
            traceId={row.newestTraceId}
            text={format.ago(parseInstant(row.newestNs))}
            label={t('fn.openTraceAt', { time: format.instant(parseInstant(row.newestNs)) })}
          />
        ),
      },
    ];
  }, [t, format, percent, rate, number, rows]);
  return (
    <Panel title={t('fn.statements')}>
      <Result
        query={statements}
        height={240}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={t('fn.noStatements')} />}
      >
        {() => (
          <DataTable
            label={t('fn.statements')}
            rows={rows}
            columns={columns}
            rowId={(row) => `${row.hash} ${row.system}`}
            sort={sort}
            onSort={onSort}
          />
        )}
      </Result>
    </Panel>
  );
}
