import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeKind } from '../../api/topology';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Note } from '../../components/Note';
import { Empty, Result } from '../../components/Result';
import { useKeys } from '../../components/use-keys';
import { useView } from '../../components/use-view';
import { Drawing } from './Drawing';
import type { Drawn } from './elements';
import { parseExpression } from './expression';
import { FilterNote } from './FilterNote';
import { useFigures } from './figures';
import { groupOf, isGroup, nodeOfScene } from './groups';
import { Legend } from './Legend';
import classes from './MapPage.module.css';
import { MapTables } from './MapTables';
import { NewsNote } from './NewsNote';
import { EdgePanel, NodePanel } from './Panel';
import { PathPanel } from './PathPanel';
import { standIns } from './paths';
import { endOf, SummaryPanel } from './SummaryPanel';
import { Timeline } from './Timeline';
import { Toolbar } from './Toolbar';
import { useMap } from './use-map';
import { useNews } from './use-news';
import { forgetPlaces, usePlaces } from './use-places';
import { useWays } from './use-ways';
import { KINDS, MAP } from './view';

/** Who calls whom, and how well that goes. */
export function MapPage() {
  const { t } = useTranslation();
  const texts = useFigures();
  const { state, change, replace, settle, ignored } = useView(MAP);
  const writeAt = useMemo(() => (at: number | undefined) => replace({ at }), [replace]);
  const map = useMap(state, writeAt);
  const { scene, graph, full, changes, replay } = map;
  const [arranged, setArranged] = useState(0);
  const key = `${map.sceneKey} ${arranged}`;
  const placed = usePlaces(scene, key);
  const [find, setFind] = useState<{ id: string; n: number }>();
  const drawn = useMemo((): Drawn | undefined => {
    if (!scene) return undefined;
    const words = new Map(changes.map(({ id, word }) => [id, { word, text: t(`map.change.${word}`) }]));
    return { scene, metric: state.metric ?? 'rate', texts, words };
  }, [scene, changes, state.metric, texts, t]);
  const counts = useMemo(() => {
    const found = new Map<NodeKind, number>();
    for (const kind of KINDS) {
      const count = full?.nodes.filter((node) => node.kind === kind).length ?? 0;
      if (count > 0) found.set(kind, count);
    }
    return found;
  }, [full]);
  // While the other end of a path is wanted, choosing a node chooses it.
  const choosing = state.pathFrom !== undefined && state.pathTo === undefined;
  const select = (sel: string | undefined) => {
    const end = choosing && sel !== state.pathFrom && graph?.nodes.some(({ id }) => id === sel);
    change(end ? { pathTo: sel, sel: undefined } : { sel });
  };
  const leavePaths = () => change({ pathFrom: undefined, pathTo: undefined });
  const ways = useWays(state.pathFrom, state.pathTo, graph, scene);
  const marked = useMemo(() => {
    const test = state.mark === undefined ? undefined : parseExpression(state.mark);
    return graph && test && graph.nodes.filter(test).map(({ id }) => id);
  }, [graph, state.mark]);
  const found = useMemo(() => {
    if (!scene || !marked) return undefined;
    const stand = standIns(scene);
    return new Set(marked.map((id) => stand.get(id) ?? id));
  }, [scene, marked]);
  const { news, dismiss } = useNews(full, map.newsKey, !map.topology.isPlaceholderData);
  const nameOf = (id: string) =>
    id === 'user' ? t('map.kind.user') : (graph?.nodes.find((one) => one.id === id)?.name ?? endOf(id));
  const bring = (id: string) => setFind((before) => ({ id, n: (before?.n ?? 0) + 1 }));
  const focus = (id: string) => {
    if (!isGroup(id)) change({ focus: id, sel: id, z: undefined });
  };
  const toggle = (of: string) => {
    const id = groupOf(of);
    const before = state.opened ?? [];
    const after = before.includes(id) ? before.filter((one) => one !== id) : [...before, id];
    change({ opened: after.length > 0 ? after : undefined, sel: undefined, z: undefined });
  };
  useKeys('map', [
    {
      name: 'mapFocus',
      press: 'f',
      run: () => state.sel && scene?.nodes.some((n) => n.id === state.sel) && focus(state.sel),
    },
    {
      name: 'mapUnfocus',
      press: 'shift+f',
      run: () => change({ focus: undefined, hops: undefined, z: undefined }),
    },
    { name: 'mapTable', press: 't', run: () => change({ table: state.table ? undefined : true }) },
  ]);
  const node = scene && graph && nodeOfScene(scene, graph, state.sel);
  const edge =
    scene?.edges.find(({ id }) => id === state.sel) ?? graph?.edges.find(({ id }) => id === state.sel);
  const bad = scene?.nodes.filter(({ health, kind }) => health !== 'ok' && kind !== 'user') ?? [];
  const summary = scene
    ? [
        t('map.summary', {
          nodes: t('map.nodes', { count: scene.nodes.length }),
          edges: t('map.edges', { count: scene.edges.length }),
        }),
        bad.length === 0
          ? t('map.allHealthy')
          : t('map.someUnhealthy', {
              count: bad.length,
              list: bad
                .slice(0, 5)
                .map(({ name, errorRate }) => `${name} ${texts.share(errorRate)}`)
                .join(', '),
            }),
      ].join(' ')
    : '';
  const compared = !map.comparing
    ? undefined
    : state.diff === 'day'
      ? t('map.sinceDay')
      : t('map.sinceBefore');
  const panel = scene &&
    graph && {
      scene,
      graph,
      replay: replay.replay,
      state,
      texts,
      changes,
      onSelect: select,
      onFocus: focus,
      onHide: (id: string) => change({ hide: [...(state.hide ?? []), id], sel: undefined }),
      onToggle: toggle,
      onFind: bring,
      onPaths: (id: string) => change({ pathFrom: id, pathTo: undefined, sel: undefined }),
    };
  return (
    <div className={classes.page}>
      <div>
        <h1 className={classes.hidden}>{t('map.title')}</h1>
        <Toolbar
          state={state}
          change={change}
          nodes={scene?.nodes ?? []}
          focusName={full?.nodes.find(({ id }) => id === state.focus)?.name}
          filtered={map.filtered}
          marked={marked?.length ?? 0}
          masked={map.masked}
          onFind={(id) => {
            select(id);
            bring(id);
          }}
          onArrange={() => {
            forgetPlaces(key);
            change({ z: undefined });
            setArranged(arranged + 1);
          }}
        />
        <div className={classes.notes}>
          {choosing && (
            <Note tone="warning" onClose={leavePaths}>
              {t('map.choosePathEnd', { name: nameOf(state.pathFrom ?? '') })}
            </Note>
          )}
          <NewsNote news={news} onSelect={select} onClose={dismiss} />
          <IgnoredNote ignored={ignored} />
          {map.filtered && (
            <FilterNote filters={map.filters} traces={map.topology.data?.traces} change={change} />
          )}
          {map.topology.data?.truncated && <p className={classes.warn}>▲ {t('map.truncated')}</p>}
        </div>
      </div>
      <div className={classes.body}>
        <div className={classes.main}>
          <div className={classes.stage}>
            <Result
              query={map.topology}
              height={480}
              isEmpty={(data) => data?.nodes.length === 0}
              empty={<Empty>{t('map.emptyHint')}</Empty>}
            >
              {() =>
                drawn &&
                scene &&
                (state.table ? (
                  <MapTables {...{ scene, changes, compared, texts, state, change }} />
                ) : (
                  <Drawing
                    drawn={drawn}
                    placed={placed}
                    view={state.z}
                    selected={state.sel}
                    path={ways?.lit}
                    found={found}
                    summary={summary}
                    find={find}
                    onSelect={select}
                    onOpen={(id) => (isGroup(id) ? toggle(id) : focus(id))}
                    onView={(z) => settle({ z })}
                    onPlay={replay.play}
                  >
                    {!placed && <div className={classes.waiting}>{t('map.arranging')}</div>}
                    <Legend
                      counts={counts}
                      without={state.without ?? []}
                      onToggle={(kind) => {
                        const before = state.without ?? [];
                        const after = before.includes(kind)
                          ? before.filter((one) => one !== kind)
                          : [...before, kind];
                        change({ without: after.length > 0 ? after : undefined });
                      }}
                    />
                  </Drawing>
                ))
              }
            </Result>
          </div>
          {replay.replay && (
            <Timeline
              replay={replay.replay}
              step={replay.step}
              playing={replay.playing}
              onStep={replay.goTo}
              onPlay={replay.play}
            />
          )}
        </div>
        <aside className={classes.panel} aria-label={t('map.details')}>
          {ways && state.pathFrom !== undefined && state.pathTo !== undefined && !node && !edge && (
            <PathPanel
              {...{ ways, nameOf, texts }}
              from={state.pathFrom}
              to={state.pathTo}
              onSelect={select}
              onClose={leavePaths}
            />
          )}
          {panel && node && <NodePanel {...panel} node={node} />}
          {panel && edge && <EdgePanel {...panel} edge={edge} />}
          {scene && !node && !edge && !ways && (
            <SummaryPanel {...{ nodes: scene.nodes, summary, changes, compared, texts }} onSelect={select} />
          )}
        </aside>
      </div>
    </div>
  );
}
