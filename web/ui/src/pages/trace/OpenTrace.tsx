import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../components/use-keys';
import { useView } from '../../components/use-view';
import { assignColours } from '../../lib/colour';
import { parseWindow, TRACE, TRACE_VIEWS, writeWindow } from '../../lib/trace-view';
import { useCanvasStyle } from '../../theme/use-theme';
import { nextCritical } from '../../trace/critical';
import type { TraceModel } from '../../trace/model';
import { nextMatch } from '../../trace/overlay';
import { clampWindow, isWhole, type TimeWindow } from '../../trace/timescale';
import { FlameView } from './FlameView';
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
import { useOverlay } from './use-overlay';
import { WhyBox } from './WhyBox';

type Props = { model: TraceModel; reload: () => void; reloading: boolean };

/** A trace with all its views. */
export function OpenTrace({ model, reload, reloading }: Props) {
  const { t } = useTranslation();
  const { state: view, replace, change: step, settle } = useView(TRACE);
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
  useEffect(() => {
    const root = model.names[model.name[0] ?? -1];
    document.title = `${root || t('trace.untitled')} · Weft`;
    return () => {
      document.title = 'Weft';
    };
  }, [model, t]);

  const row = selected === undefined ? -1 : (model.rowOf.get(selected) ?? -1);
  const { overlay, path, gaps, gapNames } = useOverlay(model, view);
  const goTo = (to: number) => to >= 0 && select(to, false);
  const goMatch = (direction: 1 | -1) => overlay.matches && goTo(nextMatch(overlay.matches, row, direction));
  useKeys('trace', [
    { name: 'critical', press: 'c', run: () => path && goTo(nextCritical(path, row, 1)) },
    { name: 'critical', press: 'shift+c', run: () => path && goTo(nextCritical(path, row, -1)) },
    { name: 'match', press: 'n', run: () => goMatch(1) },
    { name: 'match', press: 'shift+n', run: () => goMatch(-1) },
    ...TRACE_VIEWS.map((v, i) => ({ name: 'view' as const, press: String(i + 1), run: () => step({ v }) })),
  ]);
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
      <TraceHeader model={model} colours={colours} reload={reload} reloading={reloading} />
      <TraceNotes model={model} />
      <WhyBox traceId={model.traceId} selected={selected} onSelect={selectReason} />
      <Minimap model={model} style={style} window={zoom} onWindow={showWindow} />
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
      <div ref={body} className={classes.body}>
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
          />
        )}
        {v === 'flame' && (
          <FlameView
            model={model}
            style={style}
            window={zoom}
            selected={row}
            onWindow={showWindow}
            onSelect={select}
          />
        )}
        {v === 'map' && <MapView model={model} colours={colours} onSelect={selectId} />}
        {v === 'table' && (
          <TableView
            model={model}
            path={path}
            colours={colours}
            sort={view.sort ?? '-self'}
            onSort={(sort) => replace({ sort })}
            onFind={(q) => step({ q, v: 'waterfall' })}
          />
        )}
        {v === 'logs' && <LogsView model={model} colours={colours} selected={selected} onSelect={selectId} />}
        {row >= 0 && selected !== undefined && (
          <SpanPanel
            traceId={model.traceId}
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
