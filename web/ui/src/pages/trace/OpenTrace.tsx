import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import { useKeys } from '../../components/use-keys';
import { useView } from '../../components/use-view';
import { assignColours } from '../../lib/colour';
import { readPreference, writePreference } from '../../lib/preferences';
import { parseWindow, TRACE, TRACE_VIEWS, writeWindow } from '../../lib/trace-view';
import { useCanvasStyle } from '../../theme/use-theme';
import { nextCritical } from '../../trace/critical';
import type { TraceModel } from '../../trace/model';
import { nextMatch } from '../../trace/overlay';
import { clampWindow, isWhole, type TimeWindow } from '../../trace/timescale';
import { FlameView } from './FlameView';
import { Growth } from './Growth';
import { JoinedNote } from './JoinedNote';
import { LogsView } from './LogsView';
import { MapView } from './MapView';
import { Minimap } from './Minimap';
import { SpanGrid } from './SpanGrid';
import { SpanPanel } from './SpanPanel';
import { TableView } from './TableView';
import { Toolbar } from './Toolbar';
import { TraceHeader } from './TraceHeader';
import { TraceNotes } from './TraceNotes';
import classes from './TracePage.module.css';
import { useCompareMark } from './use-compare-mark';
import { useJoined } from './use-joined';
import { useOverlay } from './use-overlay';
import { WhyBox } from './WhyBox';

type Props = {
  /** The trace alone, without those that are linked with it. */
  model: TraceModel;
  reload: () => void;
  reloading: boolean;
};

/** A trace with all its views. */
export function OpenTrace({ model: base, reload, reloading }: Props) {
  const { t } = useTranslation();
  const { state: view, replace, change: step, settle } = useView(TRACE);
  const joined = useJoined(base, view.hop);
  const { model } = joined;
  const [place, setPlace] = useState(() => (readPreference('panel') === 'bottom' ? 'bottom' : 'right'));
  const comparing = useCompareMark(base.traceId);
  const [zoom, setZoom] = useState<TimeWindow>(() =>
    clampWindow(parseWindow(view.z) ?? { from: 0, to: model.durationNs }, model.durationNs),
  );
  const [selected, setSelected] = useState(view.s);
  // The back button and pasted links change the address; it wins.
  useEffect(() => setSelected(view.s), [view.s]);
  useEffect(() => {
    const window = parseWindow(view.z) ?? { from: 0, to: model.durationNs };
    setZoom(clampWindow(window, model.durationNs));
  }, [view.z, model]);
  const colours = useMemo(() => assignColours(model.serviceSpans), [model]);
  const style = useCanvasStyle(colours);

  const showWindow = useCallback(
    (window: TimeWindow) => {
      const clamped = clampWindow(window, model.durationNs);
      setZoom(clamped);
      settle({ z: isWhole(clamped, model.durationNs) ? undefined : writeWindow(clamped) });
    },
    [model, settle],
  );
  const select = useCallback(
    (row: number, follow: boolean) => {
      const id = model.id[row] || undefined;
      setSelected(id);
      if (follow) settle({ s: id });
      else replace({ s: id });
    },
    [model, settle, replace],
  );
  const hop = (row: number) => {
    const id = model.id[row];
    if (!id || !model.linksOf.has(row)) return;
    const open = view.hop ?? [];
    const next = open.includes(id) ? open.filter((one) => one !== id) : [...open, id];
    // Another trace moves both ends of the time axis, and what lies between is mostly waiting.
    step({
      hop: next.length > 0 ? next : undefined,
      z: undefined,
      ...(next.length > open.length && { gaps: 'on' }),
    });
  };
  const movePanel = () => {
    const next = place === 'right' ? 'bottom' : 'right';
    writePreference('panel', next);
    setPlace(next);
  };
  useEffect(() => {
    const root = model.names[model.name[0] ?? -1];
    document.title = `${root || t('trace.untitled')} · Weft`;
    return () => {
      document.title = 'Weft';
    };
  }, [model, t]);

  const row = selected === undefined ? -1 : (model.rowOf.get(selected) ?? -1);
  const { overlay, path, basePath, gaps, gapNames } = useOverlay(model, base, view);
  const goTo = (to: number) => to >= 0 && select(to, false);
  const goMatch = (direction: 1 | -1) => overlay.matches && goTo(nextMatch(overlay.matches, row, direction));
  useKeys('trace', [
    { name: 'critical', press: 'c', run: () => path && goTo(nextCritical(path, row, 1)) },
    { name: 'critical', press: 'shift+c', run: () => path && goTo(nextCritical(path, row, -1)) },
    { name: 'match', press: 'n', run: () => goMatch(1) },
    { name: 'match', press: 'shift+n', run: () => goMatch(-1) },
    { name: 'place', press: 'b', run: movePanel },
    { name: 'addCompare', press: 'x', run: comparing.add },
    ...TRACE_VIEWS.map((v, i) => ({ name: 'view' as const, press: String(i + 1), run: () => step({ v }) })),
  ]);
  const scaled = useMemo(() => ({ ...zoom, scale: overlay.scale }), [zoom, overlay.scale]);
  const selectId = (id: string) => select(model.rowOf.get(id) ?? -1, false);
  const body = useRef<HTMLDivElement>(null);
  // The span's row and its details stand far below the reasons: by key one would pass all that is between.
  const selectReason = (id: string, byKey: boolean) => {
    selectId(id);
    if (byKey) body.current?.querySelector<HTMLElement>('[data-focus-home]')?.focus();
  };
  const v = view.v ?? 'waterfall';
  return (
    <>
      <TraceHeader model={base} colours={colours} reload={reload} reloading={reloading} />
      <TraceNotes model={base} />
      <Growth model={base} reload={reload} reloading={reloading} />
      {comparing.marked && (
        <Note tone="info" onClose={comparing.clear}>
          {comparing.marked === base.traceId ? t('compareMark.this') : t('compareMark.other')}
        </Note>
      )}
      <JoinedNote {...joined} onHide={() => step({ hop: undefined, z: undefined })} />
      <WhyBox traceId={base.traceId} selected={selected} onSelect={selectReason} />
      <Minimap model={model} style={style} window={zoom} scale={overlay.scale} onWindow={showWindow} />
      <Toolbar
        model={model}
        view={view}
        change={step}
        settle={settle}
        colours={colours}
        matches={overlay.matches}
        row={row}
        hasGaps={gaps.length > 0}
        onMatch={goMatch}
      />
      <div ref={body} className={classes.body} data-place={place}>
        {v === 'waterfall' && (
          <SpanGrid
            model={model}
            style={style}
            window={zoom}
            selected={row}
            overlay={overlay}
            gapNames={gapNames}
            onWindow={showWindow}
            onSelect={select}
            onHop={hop}
          />
        )}
        {v === 'flame' && (
          <FlameView
            model={model}
            style={style}
            window={scaled}
            selected={row}
            onWindow={showWindow}
            onSelect={select}
          />
        )}
        {v === 'map' && <MapView model={base} colours={colours} onSelect={selectId} />}
        {v === 'table' && (
          <TableView
            model={base}
            path={basePath}
            colours={colours}
            sort={view.sort ?? '-self'}
            onSort={(sort) => replace({ sort })}
            onFind={(q) => step({ q, v: 'waterfall' })}
          />
        )}
        {v === 'logs' && (
          <LogsView
            model={base}
            colours={colours}
            selected={selected}
            onSelect={selectId}
            least={view.level ?? 'all'}
            onLeast={(level) => step({ level })}
          />
        )}
        {row >= 0 && selected !== undefined && (
          <SpanPanel
            traceId={model.traceIds[model.trace[row] ?? 0] ?? base.traceId}
            spanId={selected}
            model={model}
            row={row}
            colours={colours}
            tab={view.tab ?? 'overview'}
            onTab={(tab) => replace({ tab: tab === 'overview' ? undefined : tab })}
            onClose={() => select(-1, false)}
            onSelect={selectId}
          />
        )}
      </div>
    </>
  );
}
