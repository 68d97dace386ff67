import { Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type Column, DataTable } from '../../components/DataTable';
import type { Change as ChangeState } from '../../components/use-view';
import type { StateOf } from '../../lib/view';
import { type Change, WEIGHT } from './changes';
import { type FigureTexts, SIGN } from './figures';
import type { Figures, MapEdge, MapNode } from './graph';
import type { Scene } from './groups';
import classes from './MapPage.module.css';
import { endOf } from './SummaryPanel';
import type { MAP } from './view';

type Props = {
  scene: Scene;
  changes: readonly Change[];
  compared: string | undefined;
  texts: FigureTexts;
  state: StateOf<typeof MAP>;
  change: ChangeState<typeof MAP>;
};

/** The map as tables, with the figures that the drawing has. */
export function MapTables({ scene, changes, compared, texts, state, change }: Props) {
  const { t } = useTranslation();
  const names = useMemo(() => new Map(scene.nodes.map(({ id, name }) => [id, name])), [scene]);
  const figures = useFigureColumns(texts);
  const pick = (id: string, text: string) => (
    <button type="button" className={classes.cell} onClick={() => change({ sel: id })}>
      {text}
    </button>
  );
  const nodes: Column<MapNode>[] = [
    { id: 'name', label: t('map.node'), value: (row) => row.name, render: (row) => pick(row.id, row.name) },
    {
      id: 'kind',
      label: t('map.kindHead'),
      value: (row) => row.kind,
      render: (row) => t(`map.kind.${row.kind}`),
    },
    ...figures,
  ];
  const edges: Column<MapEdge>[] = [
    {
      id: 'source',
      label: t('map.from'),
      value: (row) => names.get(row.source) ?? row.source,
      render: (row) => pick(row.id, names.get(row.source) ?? row.source),
    },
    {
      id: 'target',
      label: t('map.to'),
      value: (row) => names.get(row.target) ?? row.target,
      render: (row) => names.get(row.target) ?? row.target,
    },
    {
      id: 'type',
      label: t('map.typeHead'),
      value: (row) => row.type,
      render: (row) => t(`map.edge.${row.type}`),
    },
    ...figures,
  ];
  return (
    <div className={classes.tables}>
      {compared !== undefined && <ChangeTable {...{ changes, compared, texts, state, change }} />}
      <section>
        <Title order={2}>{t('map.nodes', { count: scene.nodes.length })}</Title>
        <DataTable
          label={t('map.nodesLabel')}
          rows={scene.nodes}
          columns={nodes}
          rowId={(row) => row.id}
          sort={state.sort ?? '-errors'}
          onSort={(sort) => change({ sort })}
          selected={state.sel}
        />
      </section>
      <section>
        <Title order={2}>{t('map.edges', { count: scene.edges.length })}</Title>
        <DataTable
          label={t('map.edgesLabel')}
          rows={scene.edges}
          columns={edges}
          rowId={(row) => row.id}
          sort={state.edgeSort ?? '-errors'}
          onSort={(edgeSort) => change({ edgeSort })}
          selected={state.sel}
        />
      </section>
    </div>
  );
}

type Numeric = 'perMinute' | 'errorRate' | 'p50Ns' | 'p95Ns' | 'p99Ns' | 'coldStarts' | 'ageNs';

function useFigureColumns(texts: FigureTexts): Column<Figures>[] {
  const { t } = useTranslation();
  const column = (id: string, label: string, key: Numeric, text: (row: Figures) => string) => ({
    id,
    label,
    numeric: true,
    value: (row: Figures) => row[key] ?? -1,
    render: text,
  });
  return [
    column('rate', t('map.rate'), 'perMinute', (row) => texts.rate(row.perMinute)),
    {
      ...column('errors', t('map.errorShare'), 'errorRate', () => ''),
      render: (row) => (
        <span className={row.health === 'ok' ? undefined : classes[row.health]}>
          {SIGN[row.health]}
          {texts.share(row.errorRate)}
        </span>
      ),
    },
    column('p50', 'p50', 'p50Ns', (row) => texts.duration(row.p50Ns)),
    column('p95', 'p95', 'p95Ns', (row) => texts.duration(row.p95Ns)),
    column('p99', 'p99', 'p99Ns', (row) => texts.duration(row.p99Ns)),
    column('cold', t('map.coldStarts'), 'coldStarts', (row) => texts.count(row.coldStarts)),
    column('age', t('map.queueAge'), 'ageNs', (row) => texts.duration(row.ageNs)),
  ];
}

function ChangeTable({
  changes,
  compared,
  texts,
  state,
  change,
}: Omit<Props, 'scene' | 'compared'> & { compared: string }) {
  const { t } = useTranslation();
  const two = (was: string, now: string) => `${was} → ${now}`;
  const columns: Column<Change>[] = [
    {
      id: 'word',
      label: t('map.changeHead'),
      value: ({ word }) => WEIGHT[word],
      render: (row) => t(`map.change.${row.word}`),
    },
    {
      id: 'between',
      label: t('map.edgeHead'),
      render: (row) => (
        <button type="button" className={classes.cell} onClick={() => change({ sel: row.id })}>
          {endOf(row.source)} → {endOf(row.target)}
        </button>
      ),
    },
    { id: 'changeType', label: t('map.typeHead'), render: (row) => t(`map.edge.${row.type}`) },
    {
      id: 'rate',
      value: ({ current }) => current.callsPerMinute,
      label: t('map.rate'),
      numeric: true,
      render: (row) => two(texts.rate(row.base.callsPerMinute), texts.rate(row.current.callsPerMinute)),
    },
    {
      id: 'errors',
      value: ({ base, current }) => current.errorRate - base.errorRate,
      label: t('map.errorShare'),
      numeric: true,
      render: (row) => two(texts.share(row.base.errorRate), texts.share(row.current.errorRate)),
    },
    {
      id: 'p95',
      value: ({ base, current }) => (current.calls > 0 && base.calls > 0 ? current.p95Ns - base.p95Ns : 0),
      label: 'p95',
      numeric: true,
      render: ({ base, current }) =>
        two(
          texts.duration(base.calls > 0 ? base.p95Ns : null),
          texts.duration(current.calls > 0 ? current.p95Ns : null),
        ),
    },
  ];
  return (
    <section>
      <Title order={2}>{compared}</Title>
      {changes.length === 0 ? (
        <p className={classes.dimmed}>{t('map.noChanges')}</p>
      ) : (
        <DataTable
          label={compared}
          rows={changes}
          columns={columns}
          rowId={(row) => row.id}
          sort={state.changeSort ?? 'word'}
          onSort={(changeSort) => change({ changeSort })}
          selected={state.sel}
        />
      )}
    </section>
  );
}
