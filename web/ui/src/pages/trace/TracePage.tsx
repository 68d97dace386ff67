import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/client';
import { useTrace } from '../../api/queries';
import { ErrorState } from '../../components/ErrorState';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useView } from '../../components/use-view';
import { assignColours } from '../../lib/colour';
import { parseWindow, TRACE, writeWindow } from '../../lib/trace-view';
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

export function TracePage() {
  const { traceId } = route.useParams();
  const { t } = useTranslation();
  const trace = useTrace(traceId);
  const { ignored } = useView(TRACE);
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
  const { state: view, replace: change, settle } = useView(TRACE);
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
