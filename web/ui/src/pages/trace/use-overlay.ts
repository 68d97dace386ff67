import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useAnalysis } from '../../api/trace';
import { useFormats } from '../../components/use-formats';
import type { TraceView } from '../../lib/trace-view';
import { criticalPath } from '../../trace/critical';
import { findGaps, GapScale, queueOf } from '../../trace/gaps';
import type { TraceModel } from '../../trace/model';
import { findHidden, findMatches, type Overlay } from '../../trace/overlay';

const NO_ROWS: ReadonlySet<number> = new Set();

/** What the address and the analysis put on top of the spans. base is the trace without those that joined it. */
export function useOverlay(model: TraceModel, base: TraceModel, view: TraceView) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data } = useAnalysis(model.traceId);
  const [path, basePath] = useMemo(() => {
    if (!data?.root.spanId) return [undefined, undefined];
    const segments = { rootId: data.root.spanId, items: data.criticalPath.segments.items };
    const ofBase = criticalPath(base, segments);
    return [model === base ? ofBase : criticalPath(model, segments), ofBase];
  }, [model, base, data]);
  const cold = useMemo(() => {
    const rows = (data?.coldStarts.starts.items ?? []).map((start) => model.rowOf.get(start.spanId));
    return rows.length === 0 ? NO_ROWS : new Set(rows.filter((row) => row !== undefined));
  }, [model, data]);
  const matches = useMemo(() => findMatches(model, view.q), [model, view.q]);
  const hide = (view.hide ?? []).join('\n');
  const min = view.min ?? 0;
  const hidden = useMemo(
    () => findHidden(model, hide === '' ? [] : hide.split('\n'), min),
    [model, hide, min],
  );
  const opened = (view.hop ?? []).join(' ');
  const gaps = useMemo(() => findGaps(model), [model]);
  const scale = useMemo(
    () => (view.gaps === 'on' && gaps.length > 0 ? new GapScale(gaps, model.durationNs) : undefined),
    [view.gaps, gaps, model],
  );
  const gapNames = useMemo(
    () =>
      gaps.map((gap) => {
        const queue = queueOf(model, gap);
        const time = format.duration(gap.to - gap.from);
        return queue ? t('row.queueGap', { queue, time }) : t('row.idleGap', { time });
      }),
    [gaps, model, format, t],
  );
  const overlay = useMemo(
    (): Overlay => ({
      path: view.cp === 'off' ? undefined : path,
      cold,
      matches,
      hidden,
      fold: view.fold !== 'off',
      scale,
      opened: new Set(opened.split(' ')),
    }),
    [view.cp, view.fold, path, cold, matches, hidden, scale, opened],
  );
  return { overlay, path, basePath, gaps, gapNames };
}
