import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Column, DataTable } from '../../components/DataTable';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import type { CriticalPath } from '../../trace/critical';
import type { TraceModel } from '../../trace/model';
import { type OperationRow, statistics } from '../../trace/statistics';
import classes from './Views.module.css';

type Props = {
  model: TraceModel;
  path: CriticalPath | undefined;
  colours: Map<string, ServiceColour>;
  sort: string;
  onSort: (sort: string) => void;
  /** Shows the spans of an operation in the waterfall. */
  onFind: (name: string) => void;
};

// A trace may have as many names as spans.
const MOST_ROWS = 1000;

/** What each operation of the trace took. */
export function TableView({ model, path, colours, sort, onSort, onFind }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const rows = useMemo(() => statistics(model, path), [model, path]);
  const time = (id: string, label: string, value: (row: OperationRow) => number): Column<OperationRow> => ({
    id,
    label,
    value,
    numeric: true,
    render: (row) => format.duration(value(row)),
  });
  const columns: Column<OperationRow>[] = [
    {
      id: 'service',
      label: t('traceTable.service'),
      value: (row) => row.service,
      render: (row) => <ServiceName name={row.service} colour={colours.get(row.service)} />,
    },
    {
      id: 'operation',
      label: t('traceTable.operation'),
      value: (row) => row.name,
      render: (row) => (
        <button
          type="button"
          className={classes.link}
          title={t('traceTable.find')}
          onClick={() => onFind(row.name || row.service)}
        >
          {row.name || t('trace.unnamed')}
        </button>
      ),
    },
    {
      id: 'calls',
      label: t('traceTable.calls'),
      value: (row) => row.calls,
      numeric: true,
      render: (row) => format.count(row.calls),
    },
    time('total', t('traceTable.total'), (row) => row.totalNs),
    time('self', t('traceTable.self'), (row) => row.selfNs),
    ...(path ? [time('critical', t('traceTable.critical'), (row) => row.criticalNs)] : []),
    time('p95', t('traceTable.p95'), (row) => row.p95Ns),
    time('max', t('traceTable.max'), (row) => row.maxNs),
    {
      id: 'errors',
      label: t('traceTable.errors'),
      value: (row) => row.errors,
      numeric: true,
      render: (row) =>
        row.errors > 0 ? <span className={classes.errors}>⚠ {format.count(row.errors)}</span> : '0',
    },
  ];
  return (
    <div className={classes.scroll}>
      <DataTable
        label={t('traceTable.label')}
        rows={rows}
        columns={columns}
        rowId={(row) => row.id}
        sort={sort}
        onSort={onSort}
        most={MOST_ROWS}
      />
    </div>
  );
}
