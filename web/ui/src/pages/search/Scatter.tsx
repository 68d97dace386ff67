import { useNavigate } from '@tanstack/react-router';
import { type MouseEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { useSize } from '../../components/use-size';
import type { ServiceColour } from '../../lib/colour';
import { type RangeText, resolveRange } from '../../lib/range';
import { useCanvasStyle } from '../../theme/use-theme';
import { parseInstant } from '../../units';
import classes from './Scatter.module.css';
import { domainOf, layout, nearest, type Point, paintScatter } from './scatter-plot';

type Props = {
  traces: TraceSummary[];
  colours: Map<string, ServiceColour>;
  range: RangeText;
  fetchedAt: number;
  complete: boolean;
};

/** Duration over time, one mark a trace. The list below it says the same in text, so the picture needs no keyboard. */
export function Scatter({ traces, colours, range, fetchedAt, complete }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const navigate = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  const style = useCanvasStyle(colours);
  const [hovered, setHovered] = useState<Point | undefined>();
  const domain = useMemo(
    () => domainOf(traces, resolveRange(range, fetchedAt), complete),
    [traces, range, fetchedAt, complete],
  );
  const plot = useMemo(() => layout(traces, domain, width, height), [traces, domain, width, height]);
  useLayoutEffect(() => {
    if (canvas.current && width > 0)
      paintScatter(canvas.current, width, height, traces, plot, domain, hovered?.index ?? -1, style);
  }, [width, height, traces, plot, domain, hovered, style]);

  const at = (event: MouseEvent) => {
    const rect = box.current?.getBoundingClientRect();
    return rect && nearest(plot.points, event.clientX - rect.left, event.clientY - rect.top);
  };
  const trace = hovered && traces[hovered.index];
  const slowest = traces.reduce((longest, one) => Math.max(longest, one.durationNs), 0);
  const errors = traces.filter((one) => one.errors > 0).length;
  const summary = t('scatter.summary', {
    count: traces.length,
    errors: format.count(errors),
    slowest: format.duration(slowest),
  });
  return (
    <div className={classes.wrap}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: every mark is a link in the list below */}
      <div
        ref={box}
        className={classes.plot}
        role="img"
        aria-label={`${t('scatter.label')}. ${summary}`}
        style={{ cursor: hovered ? 'pointer' : 'default' }}
        onMouseMove={(event) => setHovered(at(event))}
        onMouseLeave={() => setHovered(undefined)}
        onClick={(event) => {
          const found = at(event);
          const opened = found && traces[found.index];
          if (opened) void navigate({ to: '/trace/$traceId', params: { traceId: opened.traceId } });
        }}
      >
        <canvas ref={canvas} />
        {trace && hovered && (
          <div
            className={classes.tip}
            style={{
              top: hovered.y,
              ...(hovered.x > width / 2 ? { right: width - hovered.x + 12 } : { left: hovered.x + 12 }),
            }}
          >
            <strong>
              {trace.rootService}: {trace.rootName || t('trace.unnamed')}
            </strong>
            <span>
              {format.duration(trace.durationNs)} · {format.instantShort(parseInstant(trace.startNs))}
            </span>
            <span>
              {t('results.spans')} {format.count(trace.spans)} · {t('results.errors')}{' '}
              {format.count(trace.errors)}
            </span>
          </div>
        )}
      </div>
      <div className={classes.legend}>
        <span className={classes.axis}>{t('scatter.axis')}</span>
        <span>
          <span className={classes.dot} aria-hidden="true" /> {t('scatter.ok')}
        </span>
        <span>
          <span className={classes.diamond} aria-hidden="true" /> {t('scatter.error')}
        </span>
      </div>
    </div>
  );
}
