import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type TopologyRequest, useTopology, useTopologyDiff, useTopologyMatrix } from '../../api/topology';
import { useRange } from '../../components/use-range';
import { resolveRange } from '../../lib/range';
import { toConditions } from '../../lib/trace-search';
import type { StateOf } from '../../lib/view';
import { changesOf, withGone } from './changes';
import { parseExpression } from './expression';
import { toGraph, without } from './graph';
import { group } from './groups';
import { filtersOf } from './links';
import { atStep } from './replay';
import { useReplay } from './use-replay';
import type { MAP } from './view';

const DAY_MS = 86_400_000;

/** What the address says is to be seen: asked for, put into groups, at the moment that is shown. */
export function useMap(state: StateOf<typeof MAP>, writeAt: (at: number | undefined) => void) {
  const { range, params, refetchInterval } = useRange();
  const filters = useMemo(() => {
    const { from: _, to: __, live: ___, ...rest } = filtersOf(state);
    return toConditions(rest) as TopologyRequest;
  }, [state]);
  const filtered = Object.keys(filters).length > 0;
  const topology = useTopology(
    {
      ...filters,
      ...params,
      ...(state.focus !== undefined && { focus: state.focus, hops: state.hops ?? 1 }),
    },
    refetchInterval,
  );
  // Counters by step know nothing of traces: with a filter there is only the whole range.
  const matrix = useTopologyMatrix(params, !filtered, refetchInterval);
  const diff = useTopologyDiff(
    [state.diff, params],
    () => {
      if (state.diff !== 'day') return params;
      const { fromMs, toMs } = resolveRange(range, Date.now());
      const iso = (ms: number) => new Date(ms - DAY_MS).toISOString();
      return { ...params, baseFrom: iso(fromMs), baseTo: iso(toMs) };
    },
    state.diff !== undefined && !filtered,
    refetchInterval,
  );
  // News are told against the first answer to the same question, however the range goes on.
  const newsKey = JSON.stringify([filters, params, state.focus, state.hops]);
  const replay = useReplay(filtered ? undefined : matrix.data, state.at, writeAt);
  const comparing = state.diff !== undefined && !filtered;
  const allChanges = useMemo(
    () => (comparing && diff.data ? changesOf(diff.data) : []),
    [comparing, diff.data],
  );
  const { t } = useTranslation();
  const users = t('map.kind.user');
  const full = useMemo(
    () => (topology.data ? toGraph(topology.data, users) : undefined),
    [topology.data, users],
  );
  const mask = useMemo(
    () => (state.mask === undefined ? undefined : parseExpression(state.mask)),
    [state.mask],
  );
  const graph = useMemo(() => {
    if (!full) return undefined;
    // What is gone is shown where the whole is: around one node the server leaves out the rest, which is not gone.
    const whole = state.focus === undefined ? withGone(full, allChanges) : full;
    const masked = mask ? whole.nodes.filter(mask).map(({ id }) => id) : [];
    return {
      ...without(whole, state.without ?? [], [...(state.hide ?? []), ...masked]),
      masked: masked.length,
    };
  }, [full, allChanges, state.focus, state.without, state.hide, mask]);
  // The groups that are open are those of the whole range, so that replaying neither opens nor closes any.
  const shown = useMemo(
    () =>
      graph && replay.replay && replay.step !== undefined ? atStep(graph, replay.replay, replay.step) : graph,
    [graph, replay.replay, replay.step],
  );
  const scene = useMemo(
    () => shown && graph && group(shown, state.group ?? 'auto', state.opened ?? [], graph),
    [shown, graph, state.group, state.opened],
  );
  const changes = useMemo(() => {
    const nodes = new Set(graph?.nodes.map(({ id }) => id));
    const edges = new Set(graph?.edges.map(({ id }) => id));
    // A message that is drawn through its queue has its change there.
    return allChanges.filter(
      ({ id, type, source, target }) =>
        nodes.has(source) && nodes.has(target) && (type !== 'async' || edges.has(id)),
    );
  }, [allChanges, graph]);
  const sceneKey = JSON.stringify([
    filters,
    state.focus,
    state.focus === undefined ? 0 : (state.hops ?? 1),
    scene?.grouping,
  ]);
  return {
    topology,
    matrix,
    diff,
    replay,
    filters,
    filtered,
    comparing,
    changes,
    full,
    graph: shown,
    masked: graph?.masked ?? 0,
    scene,
    sceneKey,
    newsKey,
  };
}
