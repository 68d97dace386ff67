import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { getRouteApi, useLocation, useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/client';
import { useTrace } from '../../api/queries';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { assignColours } from '../../lib/colour';
import { parseWindow, readTraceView, type TraceView, writeWindow } from '../../lib/trace-view';
import { parseQuery } from '../../lib/url';
import { useCanvasStyle } from '../../theme/use-theme';
import type { TraceModel } from '../../trace/model';
import { clampWindow, isWhole, type TimeWindow } from '../../trace/timescale';
import { Minimap } from './Minimap';
import { SpanGrid } from './SpanGrid';
import { SpanPanel } from './SpanPanel';
import { TraceHeader } from './TraceHeader';
import { TraceNotes } from './TraceNotes';
import classes from './TracePage.module.css';

const route = getRouteApi('/trace/$traceId');

/** How long zooming and moving rest before they are written to the address: a browser allows few changes a second. */
const SETTLE_MS = 200;

export function TracePage() {
  const { traceId } = route.useParams();
  const { t } = useTranslation();
  const trace = useTrace(traceId);
  const [ignored] = useState(() => readTraceView(parseQuery(window.location.search)).ignored);
  if (trace.isPending) {
    return (
      <div className={classes.skeleton} role="status" aria-label={t('state.loading')}>
        <Skeleton height={56} />
        <Skeleton height={64} />
        <Skeleton height="60vh" />
      </div>
    );
  }
  if (trace.error instanceof ApiError && trace.error.status === 404) {
    return (
      <Stack align="center" gap="xs" p="xl">
        <Title order={1}>{t('trace.notFound')}</Title>
        <Text c="dimmed">{t('trace.notFoundHint')}</Text>
        <code>{traceId}</code>
        <Button mt="sm" loading={trace.isFetching} onClick={() => void trace.refetch()}>
          {t('state.retry')}
        </Button>
      </Stack>
    );
  }
  if (!trace.data) return <ErrorState error={trace.error} retry={() => void trace.refetch()} />;
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <OpenTrace
        key={traceId}
        model={trace.data}
        reload={() => void trace.refetch()}
        reloading={trace.isFetching}
      />
    </div>
  );
}

type Props = { model: TraceModel; reload: () => void; reloading: boolean };

function OpenTrace({ model, reload, reloading }: Props) {
  const { t } = useTranslation();
  const { view, change, settle } = useTraceView();
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
      else change({ s: id });
    },
    [model, settle, change],
  );
  useEffect(() => {
    const root = model.names[model.name[0] ?? -1];
    document.title = `${root || t('trace.untitled')} · Weft`;
    return () => {
      document.title = 'Weft';
    };
  }, [model, t]);

  const row = selected === undefined ? -1 : (model.rowOf.get(selected) ?? -1);
  return (
    <>
      <TraceHeader model={model} colours={colours} reload={reload} reloading={reloading} />
      <TraceNotes model={model} />
      <Minimap model={model} style={style} window={zoom} onWindow={showWindow} />
      <div className={classes.body}>
        <SpanGrid
          model={model}
          style={style}
          window={zoom}
          selected={row}
          onWindow={showWindow}
          onSelect={select}
        />
        {row >= 0 && selected !== undefined && (
          <SpanPanel
            traceId={model.traceId}
            spanId={selected}
            model={model}
            row={row}
            colours={colours}
            tab={view.tab ?? 'overview'}
            onTab={(tab) => change({ tab: tab === 'overview' ? undefined : tab })}
            onClose={() => select(-1, false)}
            onSelect={(id) => select(model.rowOf.get(id) ?? -1, false)}
          />
        )}
      </div>
    </>
  );
}

/** The page's state in its address: change() at once, settle() when nothing more has come for a moment. */
function useTraceView() {
  const text = useLocation({ select: (location) => location.searchStr });
  const view = useMemo(() => readTraceView(parseQuery(text)).view, [text]);
  const router = useRouter();
  const navigate = route.useNavigate();
  const change = useCallback(
    (changes: TraceView) => {
      const before = readTraceView(parseQuery(router.latestLocation.searchStr)).view;
      void navigate({ search: { ...before, ...changes }, replace: true });
    },
    [router, navigate],
  );
  const [pending, setPending] = useState<TraceView | undefined>();
  useEffect(() => {
    if (!pending) return;
    const timer = setTimeout(() => {
      setPending(undefined);
      change(pending);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [pending, change]);
  const settle = useCallback((changes: TraceView) => setPending((before) => ({ ...before, ...changes })), []);
  return { view, change, settle };
}
