import { Button } from '@mantine/core';
import { type PointerEvent, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import { useSize } from '../../components/use-size';
import { type GapScale, ofShare } from '../../trace/gaps';
import { paintMinimap } from '../../trace/minimap';
import type { TraceModel } from '../../trace/model';
import type { Style } from '../../trace/paint';
import { isWhole, type TimeWindow } from '../../trace/timescale';
import classes from './Minimap.module.css';

const SHORTEST_DRAG_PX = 4;

type Props = {
  model: TraceModel;
  style: Style;
  window: TimeWindow;
  /** Where idle times are drawn short. */
  scale: GapScale | undefined;
  onWindow: (window: TimeWindow) => void;
};

/** The whole trace in a strip. Dragging over a part zooms to it; the span list's keys do the same. */
export function Minimap({ model, style, window, scale, onWindow }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  const [drag, setDrag] = useState<{ from: number; to: number } | undefined>();
  useLayoutEffect(() => {
    if (canvas.current && width > 0) paintMinimap(canvas.current, width, height, model, window, scale, style);
  }, [width, height, model, window, scale, style]);

  const at = (event: PointerEvent) => {
    const rect = box.current?.getBoundingClientRect();
    return rect ? Math.min(rect.width, Math.max(0, event.clientX - rect.left)) : 0;
  };
  const finish = () => {
    if (drag && Math.abs(drag.to - drag.from) >= SHORTEST_DRAG_PX) {
      const [left, right] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      const at = (px: number) => ofShare(px / width, model.durationNs, scale);
      onWindow({ from: at(left), to: at(right) });
    }
    setDrag(undefined);
  };
  const whole = isWhole(window, model.durationNs);
  return (
    <div className={classes.wrap}>
      <div
        ref={box}
        className={classes.map}
        role="img"
        aria-label={t('trace.minimap')}
        title={t('trace.minimap')}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ from: drag.from, to: at(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
      >
        <canvas ref={canvas} />
        {drag && (
          <div
            className={classes.brush}
            style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
          />
        )}
      </div>
      {!whole && (
        <div className={classes.zoomed}>
          <span>
            {t('trace.zoomed', { from: format.duration(window.from), to: format.duration(window.to) })}
          </span>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onWindow({ from: 0, to: model.durationNs })}
          >
            {t('trace.zoomReset')}
          </Button>
        </div>
      )}
    </div>
  );
}
