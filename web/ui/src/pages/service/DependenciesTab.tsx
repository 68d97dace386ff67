import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type TopologyEdge, type TopologyNode, useNeighbours } from '../../api/services';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { Duration, ErrorShare, NodeLink, Some } from '../functions/cells';
import classes from '../functions/functions.module.css';

type Row = TopologyEdge & { node: TopologyNode };

/** What calls it and what it calls. id is a node of the map. */
export function DependenciesTab({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const neighbours = useNeighbours(id, useRange());
  const { callers, callees } = useMemo(() => {
    const nodes = new Map(neighbours.data?.nodes.map((node) => [node.id, node]));
    const rows = (edges: readonly TopologyEdge[] | undefined, end: 'source' | 'target'): Row[] =>
      (edges ?? []).flatMap((edge) => {
        const node = nodes.get(edge[end]);
        return node ? [{ ...edge, node }] : [];
      });
    return {
      callers: rows(
        neighbours.data?.edges.filter(({ target }) => target === id),
        'source',
      ),
      callees: rows(
        neighbours.data?.edges.filter(({ source }) => source === id),
        'target',
      ),
    };
  }, [neighbours.data, id]);
  return (
    <div className={classes.stack}>
      <Panel title={t('fn.callersOf', { name })}>
        <Result
          query={neighbours}
          height={120}
          isEmpty={() => callers.length === 0}
          empty={<Empty title={t('fn.noCallers')} />}
        >
          {() => <Edges label={t('fn.callersOf', { name })} rows={callers} />}
        </Result>
      </Panel>
      <Panel title={t('fn.calleesOf', { name })}>
        <Result
          query={neighbours}
          height={120}
          isEmpty={() => callees.length === 0}
          empty={<Empty title={t('fn.noCallees')} />}
        >
          {() => <Edges label={t('fn.calleesOf', { name })} rows={callees} />}
        </Result>
      </Panel>
    </div>
  );
}

function Edges({ label, rows }: { label: string; rows: readonly Row[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  // Two tables on one tab; their order is no part of what one shows to somebody else.
  const [sort, setSort] = useState('-calls');
  const columns = useMemo((): Column<Row>[] => {
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<Row> => ({
      id,
      label: id,
      numeric: true,
      value: (row) => row[`${id}Ns`],
      render: (row) => <Duration ns={row[`${id}Ns`]} />,
    });
    const shown: Column<Row>[] = [
      {
        id: 'name',
        label: t('fn.name'),
        value: (row) => row.node.name,
        render: (row) => <NodeLink kind={row.node.kind} name={row.node.name} />,
      },
      {
        id: 'kind',
        label: t('fn.kind'),
        value: (row) => row.node.kind,
        render: (row) => t(`fn.kinds.${row.node.kind}`),
      },
      {
        id: 'type',
        label: t('fn.type'),
        value: (row) => row.type,
        render: (row) =>
          row.via
            ? `${t(`fn.edge.${row.type}`)} ${t('fn.via', { name: row.via })}`
            : t(`fn.edge.${row.type}`),
      },
      {
        id: 'calls',
        label: t('fn.calls'),
        numeric: true,
        value: (row) => row.calls,
        render: (row) => format.count(row.calls),
      },
      {
        id: 'errors',
        label: t('fn.errors'),
        numeric: true,
        value: (row) => row.errors,
        render: (row) => <Some n={row.errors} />,
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
        label: t('fn.coldStarts'),
        numeric: true,
        value: (row) => row.coldStarts,
        render: (row) => <Some n={row.coldStarts} />,
      },
    ];
    // What only queues have is shown where there is one.
    if (rows.some((row) => row.queueAgeP95Ns || row.retries || row.deadLetters))
      shown.push(
        {
          id: 'queueAge',
          label: t('fn.queueAge'),
          numeric: true,
          value: (row) => row.queueAgeP95Ns ?? 0,
          render: (row) => <Duration ns={row.queueAgeP95Ns} />,
        },
        {
          id: 'retries',
          label: t('fn.retries'),
          numeric: true,
          value: (row) => row.retries,
          render: (row) => <Some n={row.retries} />,
        },
        {
          id: 'deadLetters',
          label: t('fn.deadLetters'),
          numeric: true,
          value: (row) => row.deadLetters,
          render: (row) => <Some n={row.deadLetters} bad />,
        },
      );
    return shown;
  }, [t, format, rows]);
  return (
    <DataTable
      label={label}
      rows={rows}
      columns={columns}
      rowId={(row) => `${row.type} ${row.source} ${row.target} ${row.via}`}
      sort={sort}
      onSort={setSort}
    />
  );
}
