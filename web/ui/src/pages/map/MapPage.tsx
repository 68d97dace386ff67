import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeKind } from '../../api/topology';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Empty, Result } from '../../components/Result';
import { useKeys } from '../../components/use-keys';
import { useView } from '../../components/use-view';
import { Drawing } from './Drawing';
import type { Drawn } from './elements';
import { FilterNote } from './FilterNote';
import { useFigures } from './figures';
import { groupOf, isGroup, nodeOfScene } from './groups';
import { Legend } from './Legend';
import classes from './MapPage.module.css';
import { MapTables } from './MapTables';
import { EdgePanel, NodePanel } from './Panel';
import { SummaryPanel } from './SummaryPanel';
import { Timeline } from './Timeline';
import { Toolbar } from './Toolbar';
import { useMap } from './use-map';
import { forgetPlaces, usePlaces } from './use-places';
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
  const select = (sel: string | undefined) => change({ sel });
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
  const panel = scene && {
    scene,
    state,
    texts,
    changes,
    onSelect: select,
    onFocus: focus,
    onHide: (id: string) => change({ hide: [...(state.hide ?? []), id], sel: undefined }),
    onToggle: toggle,
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
          canCompare={!map.filtered}
          onFind={(id) => {
            select(id);
            setFind((before) => ({ id, n: (before?.n ?? 0) + 1 }));
          }}
          onArrange={() => {
            forgetPlaces(key);
            change({ z: undefined });
            setArranged(arranged + 1);
          }}
        />
        <div className={classes.notes}>
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
          {panel && node && <NodePanel {...panel} node={node} />}
          {panel && edge && <EdgePanel {...panel} edge={edge} />}
          {scene && !node && !edge && (
            <SummaryPanel {...{ nodes: scene.nodes, summary, changes, compared, texts }} onSelect={select} />
          )}
        </aside>
      </div>
    </div>
  );
}
