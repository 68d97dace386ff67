import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Canvas, type Draw } from '../../../components/Canvas';
import { BOTTOM, type Box, LEFT, RIGHT, TOP } from './frame';
import { useBoxKeys } from './use-box-keys';
import classes from './viz.module.css';

export const PLOT_HEIGHT = 168;
/** A pointer that moved less than this clicked. */
const CLICK_PX = 4;

type Props = {
  label: string;
  draw: Draw;
  width: number;
  /** Whether a box has height, or reaches from top to bottom. */
  upright: boolean;
  /** What is selected at present. */
  box?: Box | undefined;
  onBox: (box: Box) => void;
  onClear: () => void;
  /** The selection in words. */
  say: (box: Box) => string;
  onHover?: (x: number, y: number) => void;
  onLeave?: () => void;
  onPick?: (x: number, y: number) => void;
  pointer?: boolean;
  children?: ReactNode;
};

/** A drawing in which a box can be dragged or moved by arrow keys, and a point clicked. */
export function PlotBox({
  label,
  draw,
  width,
  upright,
  box,
  onBox,
  onClear,
  say,
  onHover,
  onLeave,
  onPick,
  pointer,
  children,
}: Props) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState<{ x: number; y: number } | undefined>();
  const [end, setEnd] = useState<{ x: number; y: number } | undefined>();
  const at = (event: PointerEvent) => {
    const rect = place.current?.getBoundingClientRect();
    return { x: event.clientX - (rect?.left ?? 0), y: event.clientY - (rect?.top ?? 0) };
  };
  const within = (a: { x: number; y: number }, b: { x: number; y: number }): Box => {
    const x = (value: number) => Math.min(Math.max(value, LEFT), width - RIGHT);
    const y = (value: number) => Math.min(Math.max(value, TOP), PLOT_HEIGHT - BOTTOM);
    return {
      x0: x(Math.min(a.x, b.x)),
      x1: x(Math.max(a.x, b.x)),
      y0: upright ? y(Math.min(a.y, b.y)) : TOP,
      y1: upright ? y(Math.max(a.y, b.y)) : PLOT_HEIGHT - BOTTOM,
    };
  };
  const room = { x0: LEFT, x1: width - RIGHT, y0: TOP, y1: PLOT_HEIGHT - BOTTOM };
  const keys = useBoxKeys(box, room, upright, onBox, onClear);
  const dragged = start && end && Math.hypot(end.x - start.x, end.y - start.y) >= CLICK_PX;
  const shown = dragged ? within(start, end) : (keys.drawn ?? box);
  const stop = () => {
    setStart(undefined);
    setEnd(undefined);
  };
  return (
    <div
      ref={place}
      className={classes.plot}
      style={{ cursor: pointer ? 'pointer' : 'crosshair' }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setStart(at(event));
      }}
      onPointerMove={(event) => {
        const here = at(event);
        if (start) setEnd(here);
        else onHover?.(here.x, here.y);
      }}
      onPointerUp={(event) => {
        const here = at(event);
        if (dragged) onBox(within(start, here));
        else if (start) onPick?.(here.x, here.y);
        stop();
      }}
      onPointerCancel={stop}
      onPointerLeave={() => onLeave?.()}
    >
      <div role="img" aria-label={label}>
        <Canvas draw={draw} height={PLOT_HEIGHT} />
      </div>
      {/* Over the drawing for its outline, and transparent to the pointer. */}
      <div
        role="application"
        tabIndex={0}
        className={classes.keys}
        aria-label={t('brush.keys')}
        aria-description={t(upright ? 'brush.keysUpright' : 'brush.keysFlat')}
        onKeyDown={keys.onKeyDown}
        onBlur={keys.onBlur}
      />
      <span className={classes.said} role="status">
        {keys.drawn && say(keys.drawn)}
      </span>
      {shown && shown.x1 > shown.x0 && (
        <div
          className={classes.box}
          style={{
            left: shown.x0,
            top: shown.y0,
            width: shown.x1 - shown.x0,
            height: shown.y1 - shown.y0,
          }}
        />
      )}
      {!start && children}
    </div>
  );
}
