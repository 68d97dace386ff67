import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Canvas, type Draw } from '../../components/Canvas';
import { useFormats } from '../../components/use-formats';
import { colourOf } from '../../lib/colour';
import { flameBlocks, flameLevels, placer } from '../../trace/flame';
import { FLAG_BLOCK, FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from '../../trace/model';
import type { Style } from '../../trace/paint';
import { hatch } from '../../trace/paint-marks';
import { fillOf } from '../../trace/row-label';
import { panWindow, type TimeWindow, zoomWindow } from '../../trace/timescale';
import classes from './Views.module.css';

const LINE = 20;
const LEAST_TEXT = 36;
/** A canvas cannot be taller; deeper levels are in the waterfall. */
const MOST_LEVELS = 400;

type Props = {
  model: TraceModel;
  style: Style;
  window: TimeWindow;
  selected: number;
  onWindow: (window: TimeWindow) => void;
  onSelect: (row: number, follow: boolean) => void;
};

/** Spans by depth over time. A click selects, a double click zooms to the span; the keys of the waterfall zoom and move. */
export function FlameView({ model, style, window, selected, onWindow, onSelect }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const levels = useMemo(() => flameLevels(model), [model]);
  const depth = Math.min(MOST_LEVELS, model.depthMax);
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<string | undefined>();
  const draw: Draw = useCallback(
    (context, width) => {
      context.font = style.font;
      context.textBaseline = 'middle';
      const place = placer(window, width);
      for (const gap of window.scale?.gaps ?? []) {
        context.fillStyle = hatch(context, style.line, false);
        context.fillRect(place(gap.from), 0, place(gap.to) - place(gap.from), depth * LINE);
      }
      for (let d = 0; d < depth; d++) {
        for (const { row, left, width: size } of flameBlocks(model, levels, d, window, width)) {
          const x = Math.max(-2, left);
          const w = Math.min(width + 2, left + size) - x;
          if (w <= 0) continue;
          const top = d * LINE;
          const bare = ((model.flags[row] ?? 0) & (FLAG_ORPHANS | FLAG_BLOCK)) !== 0;
          const colour = style.colours.get(model.services[model.service[row] ?? -1] ?? '');
          const fill = bare ? 'service' : fillOf(model, row);
          // Siblings may run at the same time: the later one covers, so that names stay readable.
          context.fillStyle = style.surface;
          if (w > LEAST_TEXT) context.fillRect(x - 1, top, w, LINE - 2);
          context.fillStyle = bare
            ? style.line
            : fill === 'service'
              ? colourOf(colour, style.theme)
              : fill === 'cold'
                ? style.cold
                : style.dimmed;
          context.globalAlpha = w > LEAST_TEXT ? 0.3 : 0.8;
          context.fillRect(x, top, Math.max(1, w - 1), LINE - 2);
          context.globalAlpha = 1;
          if (w > 4) context.fillRect(x, top, 3, LINE - 2);
          if (fill !== 'service' && w > 4) {
            context.fillStyle = hatch(context, style.surface, fill === 'cold');
            context.fillRect(x + 3, top, w - 4, LINE - 2);
          }
          if (model.status[row] === STATUS_ERROR) {
            context.fillStyle = style.error;
            context.fillRect(x, top + LINE - 4, Math.max(1, w - 1), 2);
          }
          if (row === selected) {
            context.strokeStyle = style.text;
            context.lineWidth = 2;
            context.strokeRect(x + 1, top + 1, Math.max(2, w - 3), LINE - 4);
            context.lineWidth = 1;
          }
          if (w > LEAST_TEXT) {
            const name = model.names[model.name[row] ?? -1] ?? '';
            context.fillStyle = style.text;
            context.fillText(cutTo(context, name, w - 10), Math.max(x, 0) + 7, top + LINE / 2 - 1);
          }
        }
      }
    },
    [model, levels, window, style, selected, depth],
  );
  const rowAt = (event: MouseEvent): number => {
    const rect = box.current?.getBoundingClientRect();
    if (!rect) return -1;
    const x = event.clientX - rect.left;
    const d = Math.floor((event.clientY - rect.top) / LINE);
    if (d < 0 || d >= depth) return -1;
    const hit = flameBlocks(model, levels, d, window, rect.width).findLast(
      (b) => x >= b.left - 1 && x <= b.left + b.width + 1,
    );
    return hit?.row ?? -1;
  };
  const zoomTo = (row: number) => {
    const from = model.start[row] ?? 0;
    const to = from + Math.max(1, model.duration[row] ?? 1);
    onWindow({ from, to });
  };
  const goTo = (row: number) => row >= 0 && row < model.rows && onSelect(row, true);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const total = model.durationNs;
    // By the place on the keyboard, as in the waterfall.
    const moves = new Map<string, () => void>([
      ['KeyW', () => onWindow(zoomWindow(window, 0.7, 0.5, total))],
      ['KeyS', () => onWindow(zoomWindow(window, 1 / 0.7, 0.5, total))],
      ['KeyA', () => onWindow(panWindow(window, -0.2, total))],
      ['KeyD', () => onWindow(panWindow(window, 0.2, total))],
      ['KeyF', () => selected >= 0 && zoomTo(selected)],
      ['Digit0', () => onWindow({ from: 0, to: total })],
      ['ArrowUp', () => goTo(model.parent[selected] ?? -1)],
      ['ArrowDown', () => (model.subtree[selected] ?? 1) > 1 && goTo(selected + 1)],
      ['ArrowRight', () => goTo(selected < 0 ? 0 : selected + (model.subtree[selected] ?? 1))],
      ['Escape', () => onSelect(-1, false)],
    ]);
    const move = moves.get(event.code);
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div className={classes.scroll}>
      <p className={classes.hint}>
        {hover ?? t('flame.hint')}{' '}
        {model.depthMax > MOST_LEVELS && t('flame.deeper', { depth: format.count(MOST_LEVELS) })}
      </p>
      <div
        ref={box}
        className={classes.flame}
        role="group"
        aria-label={t('flame.label')}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const row = rowAt(event);
          if (row >= 0 && model.id[row]) onSelect(row, false);
        }}
        onDoubleClick={(event) => {
          const row = rowAt(event);
          if (row >= 0) zoomTo(row);
        }}
        onMouseMove={(event) => {
          const row = rowAt(event);
          setHover(
            row < 0
              ? undefined
              : `${model.services[model.service[row] ?? -1] ?? ''}: ${model.names[model.name[row] ?? -1] ?? ''} · ${format.duration(model.duration[row] ?? 0)}`,
          );
        }}
        onMouseLeave={() => setHover(undefined)}
      >
        <Canvas draw={draw} height={depth * LINE} aria-hidden="true" />
      </div>
    </div>
  );
}

/** Text cut to a width, by the average width of its letters: measuring every cut would cost too much. */
function cutTo(context: CanvasRenderingContext2D, text: string, room: number): string {
  const full = context.measureText(text).width;
  if (full <= room) return text;
  const keep = Math.floor((text.length * room) / full) - 1;
  return keep > 1 ? `${text.slice(0, keep)}…` : '';
}
