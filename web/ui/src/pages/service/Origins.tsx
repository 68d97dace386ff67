import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type OriginGroup, useErrorOrigins } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { parseInstant } from '../../units';
import { Examples } from '../functions/ErrorsTab';
import classes from '../functions/functions.module.css';

type Props = {
  /** The service whose failing traces are looked at; of a database or host, all traces are, and peer is its name. */
  name: string;
  peer?: boolean;
};

/** Where the failing traces that something takes part in fail. */
export function Origins({ name, peer = false }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const origins = useErrorOrigins(useRange(), peer ? '' : name);
  // A second table of its page; the first one's order stands in the address.
  const [sort, setSort] = useState('-traces');
  const rows = useMemo(
    () => (origins.data?.origins ?? []).filter((one) => !peer || one.peer === name),
    [origins.data, peer, name],
  );
  const columns = useMemo(
    (): Column<OriginGroup>[] => [
      {
        id: 'service',
        label: t('fn.service'),
        value: (row) => row.service,
        render: (row) => (
          <span className={classes.nowrap}>
            {row.service}
            {row.service === name && <span className={classes.dim}> ({t('fn.here')})</span>}
          </span>
        ),
      },
      {
        id: 'operation',
        label: t('fn.operation'),
        value: (row) => row.operation,
        render: (row) => (
          <span className={classes.clip} title={row.statement || row.operation}>
            {row.operation}
          </span>
        ),
      },
      {
        id: 'type',
        label: t('fn.type'),
        value: (row) => row.errorType,
        render: (row) => <span className={classes.mono}>{row.errorType || '–'}</span>,
      },
      {
        id: 'message',
        label: t('fn.message'),
        value: (row) => row.message,
        render: (row) =>
          row.message ? (
            <span className={classes.clip} title={row.message}>
              {row.message}
            </span>
          ) : (
            <span className={classes.dim}>{t('fn.noMessage')}</span>
          ),
      },
      { id: 'peer', label: t('fn.peer'), value: (row) => row.peer, render: (row) => row.peer || '–' },
      {
        id: 'traces',
        label: t('fn.tracesCount'),
        numeric: true,
        value: (row) => row.traces,
        render: (row) => format.count(row.traces),
      },
      {
        id: 'share',
        label: t('fn.share'),
        numeric: true,
        value: (row) => row.share,
        render: (row) => percent(row.share),
      },
      {
        id: 'lastSeen',
        label: t('fn.lastSeen'),
        numeric: true,
        value: (row) => Number(row.lastNs),
        render: (row) => (
          <span className={classes.nowrap} title={format.instant(parseInstant(row.lastNs))}>
            {format.ago(parseInstant(row.lastNs))}
          </span>
        ),
      },
      {
        id: 'examples',
        label: t('fn.examples'),
        render: (row) => <Examples of={row.message || row.operation} examples={row.examples} />,
      },
    ],
    [t, format, percent, name],
  );
  return (
    <Panel
      title={t('fn.origins')}
      note={
        rows.length > 0 &&
        origins.data &&
        t('fn.originsHint', { name, traces: format.count(origins.data.sample.traces) })
      }
    >
      <Result
        query={origins}
        height={160}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={t('fn.noOrigins', { name })} />}
      >
        {() => (
          <DataTable
            label={t('fn.origins')}
            rows={rows}
            columns={columns}
            rowId={(row) =>
              [row.service, row.operation, row.errorType, row.peer, row.statementHash ?? row.statement].join(
                '\n',
              )
            }
            sort={sort}
            onSort={setSort}
          />
        )}
      </Result>
    </Panel>
  );
}
