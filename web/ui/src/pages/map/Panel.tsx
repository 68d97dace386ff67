import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceBody } from '../../api/topology';
import { keepTime, keepTimeAnd } from '../../components/Navigation';
import type { TraceSearch } from '../../lib/trace-search';
import type { StateOf } from '../../lib/view';
import type { Change } from './changes';
import { EdgeTraces } from './EdgeTraces';
import { FunctionFacts } from './FunctionFacts';
import type { FigureTexts } from './figures';
import type { Graph, MapEdge, MapNode } from './graph';
import { groupOf, isGroup, type Scene } from './groups';
import { Shape } from './Legend';
import { filtersOf, joined, throughEdge, tracesOfEdge, tracesOfNode } from './links';
import classes from './MapPage.module.css';
import { CallsChart, LatencyChart } from './PanelCharts';
import { Ends, Facts, Head, HealthNote, Nodes } from './PanelParts';
import type { Replay } from './replay';
import type { MAP } from './view';

type Props = {
  scene: Scene;
  /** All that there is, also what stands in closed groups. */
  graph: Graph;
  state: StateOf<typeof MAP>;
  texts: FigureTexts;
  changes: readonly Change[];
  /** Undefined while a filter is set: counters by step know nothing of traces. */
  replay: Replay | undefined;
  onSelect: (id: string | undefined) => void;
  onFocus: (id: string) => void;
  onHide: (id: string) => void;
  onToggle: (group: string) => void;
  onFind: (id: string) => void;
  onPaths: (from: string) => void;
};

const MOST_MEMBERS = 100;

/** The node that is selected: how it does, who calls it and whom it calls, and where to go on. */
export function NodePanel({ node, ...props }: Props & { node: MapNode }) {
  const { t } = useTranslation();
  const { scene, graph, state, texts, replay, onSelect, onFocus, onHide, onToggle, onFind, onPaths } = props;
  const ofMember = useMemo(
    () => [...scene.groups.values()].find(({ members }) => members.some(({ id }) => id === node.id)),
    [scene, node.id],
  );
  const group = scene.groups.get(groupOf(node.id)) ?? ofMember;
  const names = useMemo(() => namesOf(scene, graph), [scene, graph]);
  const nameOf = (id: string) => names.get(id) ?? id;
  const single = !isGroup(node.id) && node.folded === undefined;
  const members = useMemo(
    () =>
      single || !group
        ? []
        : group.members.toSorted((a, b) => b.errorRate - a.errorRate || b.calls - a.calls),
    [single, group],
  );
  const ids = useMemo(() => (single ? [node.id] : members.map(({ id }) => id)), [single, node.id, members]);
  // What is in a closed group has its edges only in the whole graph.
  const edges = scene.nodes.some(({ id }) => id === node.id) ? scene.edges : graph.edges;
  const ends = (end: 'source' | 'target') =>
    edges
      .filter((edge) => edge[end === 'source' ? 'target' : 'source'] === node.id)
      .toSorted((a, b) => b.errors - a.errors || b.calls - a.calls)
      .map((edge) => ({ edge, name: nameOf(edge[end]) }));
  const search = tracesOfNode(node);
  return (
    <>
      <Head
        kind={
          single
            ? t(`map.kind.${node.kind}`)
            : t('map.groupOf', { count: group?.members.length ?? node.folded ?? 0 })
        }
        onClose={() => onSelect(undefined)}
      >
        <Shape kind={node.kind} /> {node.name}
      </Head>
      {node.system && <p className={classes.dimmed}>{node.system}</p>}
      <HealthNote {...{ nameOf, texts, edges, onSelect }} of={node} />
      <Facts figures={node} texts={texts} />
      <div className={classes.actions}>
        {single && (
          <Button size="compact-xs" variant="default" onClick={() => onFocus(node.id)}>
            {t('map.focus')}
          </Button>
        )}
        {single && (
          <Button size="compact-xs" variant="default" onClick={() => onHide(node.id)}>
            {t('map.hide')}
          </Button>
        )}
        {single && (
          <Button size="compact-xs" variant="default" onClick={() => onPaths(node.id)}>
            {t('map.pathsTo')}
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={() => onFind(node.id)}>
          {t('map.bringIntoView')}
        </Button>
        {group && (
          <Button size="compact-xs" variant="default" onClick={() => onToggle(group.id)}>
            {group.open
              ? t('map.closeGroup', { name: group.name })
              : t('map.openGroup', { name: group.name })}
          </Button>
        )}
      </div>
      {single && (
        <nav className={classes.links} aria-label={t('map.goOn')}>
          <PageLinks node={node} />
          {search && <TraceLinks state={state} search={search} errors={node.errors > 0} />}
        </nav>
      )}
      <CallsChart replay={replay} ids={ids} />
      {single && isService(node) && <LatencyChart kind={node.kind} name={node.name} />}
      {single && node.kind === 'function' && <FunctionFacts name={node.name} texts={texts} />}
      <Ends title={t('map.callers')} rows={ends('source')} {...{ texts, onSelect }} />
      <Ends title={t('map.callees')} rows={ends('target')} {...{ texts, onSelect }} />
      {members.length > 0 && (
        <Nodes title={t('map.members')} nodes={members.slice(0, MOST_MEMBERS)} {...{ texts, onSelect }} />
      )}
    </>
  );
}

const isService = (node: MapNode): node is MapNode & { kind: 'service' | 'function' } =>
  node.kind === 'service' || node.kind === 'function';

function namesOf(scene: Scene, graph: Graph): Map<string, string> {
  return new Map([...graph.nodes, ...scene.nodes].map(({ id, name }) => [id, name]));
}

/** Where else there is more about a node. */
function PageLinks({ node }: { node: MapNode }) {
  const { t } = useTranslation();
  const { name } = node;
  if (node.kind === 'user') return null;
  return (
    <>
      {node.kind === 'function' ? (
        <Link to="/functions/$name" params={{ name }} search={keepTime}>
          {t('map.toFunction')}
        </Link>
      ) : (
        <Link to="/services/$name" params={{ name }} search={keepTimeAnd({ kind: node.kind })}>
          {t('map.toPage', { kind: t(`map.kind.${node.kind}`) })}
        </Link>
      )}
      {isService(node) && (
        <Link to="/logs" search={keepTimeAnd({ service: name })}>
          {t('map.toLogs')}
        </Link>
      )}
    </>
  );
}

/** The edge that is selected. */
export function EdgePanel({ edge, ...props }: Props & { edge: MapEdge }) {
  const { t } = useTranslation();
  const { scene, graph, state, texts, changes, replay, onSelect } = props;
  const end = (id: string) =>
    scene.nodes.find((node) => node.id === id) ?? graph.nodes.find((node) => node.id === id);
  const source = end(edge.source);
  const target = end(edge.target);
  const change = changes.find(({ id }) => id === edge.id);
  const search = source && target && tracesOfEdge(source, target);
  const through = source && target && throughEdge(edge, source, target);
  const ids = useMemo(() => [edge.id], [edge.id]);
  const { from: _, to: __, ...filters } = filtersOf(state);
  const found = through && {
    all: { ...filters, ...through.all } as TraceBody,
    failing: edge.errors > 0 ? ({ ...filters, ...through.failing } as TraceBody) : undefined,
  };
  return (
    <>
      <Head kind={t(`map.edge.${edge.type}`)} onClose={() => onSelect(undefined)}>
        {source?.name ?? edge.source} → {target?.name ?? edge.target}
      </Head>
      {edge.via && <p className={classes.dimmed}>{t('map.via', { via: edge.via })}</p>}
      {change && <ChangeNote change={change} texts={texts} />}
      <HealthNote {...{ texts, onSelect }} of={edge} edges={[]} nameOf={(id) => id} />
      <Facts figures={edge} texts={texts} retries={edge.retries} deadLetters={edge.deadLetters} />
      <CallsChart replay={replay} ids={ids} />
      {found && <EdgeTraces {...found} />}
      {search && (
        <nav className={classes.links} aria-label={t('map.goOn')}>
          <TraceLinks state={state} search={search} errors={edge.errors > 0} />
        </nav>
      )}
      <Nodes
        title={t('map.ends')}
        nodes={[source, target].filter((node) => node !== undefined)}
        {...{ texts, onSelect }}
      />
    </>
  );
}

function ChangeNote({ change, texts }: { change: Change; texts: FigureTexts }) {
  const { t } = useTranslation();
  const { base, current } = change;
  const lines = [
    t('map.wasNow', {
      what: t('map.rate'),
      was: texts.rate(base.callsPerMinute),
      now: texts.rate(current.callsPerMinute),
    }),
    t('map.wasNow', {
      what: t('map.errorShare'),
      was: texts.share(base.errorRate),
      now: texts.share(current.errorRate),
    }),
    t('map.wasNow', {
      what: 'p95',
      was: texts.duration(base.calls > 0 ? base.p95Ns : null),
      now: texts.duration(current.calls > 0 ? current.p95Ns : null),
    }),
  ];
  return (
    <section className={classes.section}>
      <h3>{t(`map.change.${change.word}`)}</h3>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </section>
  );
}

type TraceLinksProps = { state: StateOf<typeof MAP>; search: TraceSearch; errors: boolean };

function TraceLinks({ state, search, errors }: TraceLinksProps) {
  const { t } = useTranslation();
  const { from, to } = state;
  const base = { ...filtersOf(state), ...(from && { from }), ...(to && { to }) };
  return (
    <>
      <Link to="/traces" search={joined(base, search, false)}>
        {t('map.toTraces')}
      </Link>
      {errors && (
        <Link to="/traces" search={joined(base, search, true)}>
          {t('map.toErrors')}
        </Link>
      )}
    </>
  );
}
