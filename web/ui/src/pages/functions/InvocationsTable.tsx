import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Invocation } from '../../api/functions';
import { type Column, DataTable } from '../../components/DataTable';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { ColdMark, Duration, TraceLink } from './cells';
import classes from './functions.module.css';
import { OUTCOMES } from './view';

type Props = { label: string; rows: readonly Invocation[]; sort: string; onSort: (sort: string) => void };

export function InvocationsTable({ label, rows, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const columns = useMemo((): Column<Invocation>[] => {
    const duration = (
      id: 'durationNs' | 'totalNs' | 'coldStartNs' | 'queueNs' | 'cpuNs',
      name: string,
    ): Column<Invocation> => ({
      id,
      label: name,
      numeric: true,
      value: (row) => row[id],
      render: (row) => <Duration ns={row[id]} />,
    });
    return [
      {
        id: 'time',
        label: t('fn.time'),
        value: (row) => Number(row.timeNs),
        render: (row) => (
          <span className={classes.nowrap}>{format.instantShort(parseInstant(row.timeNs))}</span>
        ),
      },
      {
        id: 'trace',
        label: t('fn.trace'),
        render: (row) => (
          <TraceLink
            traceId={row.traceId}
            spanId={row.spanId}
            label={t('fn.openTraceAt', { time: format.instant(parseInstant(row.timeNs)) })}
          />
        ),
      },
      {
        id: 'outcome',
        label: t('fn.outcomeTitle'),
        value: (row) => row.outcome,
        render: (row) => <Outcome row={row} />,
      },
      {
        id: 'cold',
        label: t('fn.start'),
        value: (row) => Number(row.cold),
        render: (row) => <ColdMark cold={row.cold} />,
      },
      duration('coldStartNs', t('fn.wait')),
      duration('queueNs', t('fn.queue')),
      duration('durationNs', t('fn.latency')),
      duration('totalNs', t('fn.total')),
      duration('cpuNs', t('fn.cpu')),
      {
        id: 'memory',
        label: t('fn.memory'),
        numeric: true,
        value: (row) => row.maxMemoryBytes,
        render: (row) => (
          <span className={classes.nowrap}>
            {row.maxMemoryBytes ? format.bytes(row.maxMemoryBytes) : '–'}
          </span>
        ),
      },
      {
        id: 'version',
        label: t('fn.version'),
        value: (row) => row.version,
        render: (row) => row.version,
      },
      {
        id: 'instance',
        label: t('fn.instance'),
        value: (row) => row.instance,
        render: (row) => (
          <span className={classes.mono} title={row.instance}>
            {row.instance.slice(0, 8)}
          </span>
        ),
      },
    ];
  }, [t, format]);
  return (
    <DataTable
      label={label}
      rows={rows}
      columns={columns}
      rowId={(row) => `${row.requestId} ${row.timeNs} ${row.retry}`}
      sort={sort}
      onSort={onSort}
    />
  );
}

function Outcome({ row }: { row: Invocation }) {
  const { t } = useTranslation();
  const known = OUTCOMES.find((one) => one === row.outcome);
  const word = known ? t(`fn.outcome.${known}`) : row.outcome;
  if (row.outcome === 'success') return <>{word}</>;
  const detail = [row.errorType, row.errorMessage].filter(Boolean).join(': ');
  return (
    <span className={classes.bad} title={detail || word}>
      <IconAlertTriangleFilled size={13} aria-hidden="true" />
      {word}
      {row.retry > 0 && ` (${t('fn.retry', { n: row.retry + 1 })})`}
    </span>
  );
}
