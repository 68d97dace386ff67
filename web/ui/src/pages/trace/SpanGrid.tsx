import { ActionIcon, Tooltip } from '@mantine/core';
import { IconFold, IconFoldDown } from '@tabler/icons-react';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../components/use-keys';
import { readPreference, writePreference } from '../../lib/preferences';
import type { TraceModel } from '../../trace/model';
import type { Overlay } from '../../trace/overlay';
import type { Style } from '../../trace/paint';
import type { RowClasses } from '../../trace/row-view';
import type { TimeWindow } from '../../trace/timescale';
import { Waterfall } from '../../trace/waterfall';
import { KEYS } from '../../trace/waterfall-keys';
import classes from './SpanGrid.module.css';
import { useRowTexts } from './use-row-texts';

const NARROWEST = 220;
const WIDEST = 900;
const STEP = 24;

type Props = {
  model: TraceModel;
  style: Style;
  window: TimeWindow;
  /** Row, or -1 for none. */
  selected: number;
  overlay: Overlay;
  gapNames: readonly string[];
  onWindow: (window: TimeWindow) => void;
  onSelect: (row: number, follow: boolean) => void;
  onHop: (row: number) => void;
};

const clampWidth = (px: number) => Math.min(WIDEST, Math.max(NARROWEST, Math.round(px)));

/** The frame around the waterfall, which draws itself: React only hands it data and hears what was chosen. */
export function SpanGrid(props: Props) {
  const { model, style, window, selected, overlay, gapNames } = props;
  const { t } = useTranslation();
  const grid = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const waterfall = useRef<Waterfall | null>(null);
  const [width, setWidth] = useState(() => clampWidth(Number(readPreference('column')) || 420));
  const texts = useRowTexts();
  useKeys('trace', KEYS);
  // What the waterfall is born with; later changes reach it through its setters.
  const latest = useRef({ ...props, texts, width });
  latest.current = { ...props, texts, width };

  useEffect(() => {
    if (!grid.current || !axis.current) return;
    const now = latest.current;
    const created = new Waterfall(
      model,
      { grid: grid.current, axis: axis.current },
      classes as RowClasses,
      {
        select: (row, follow) => latest.current.onSelect(row, follow),
        window: (next) => latest.current.onWindow(next),
        hop: (row) => latest.current.onHop(row),
      },
      now.style,
      now.texts,
    );
    created.setLabelWidth(now.width);
    created.setOverlay(now.overlay, now.gapNames);
    created.setWindow(now.window);
    // The trace was read again, or others joined it: the reader goes on where they were.
    if (waterfall.current) created.adopt(waterfall.current);
    created.setSelected(now.selected);
    waterfall.current = created;
    return () => created.destroy();
  }, [model]);
  useEffect(() => waterfall.current?.setStyle(style, texts), [style, texts]);
  useEffect(() => waterfall.current?.setOverlay(overlay, gapNames), [overlay, gapNames]);
  useEffect(() => waterfall.current?.setWindow(window), [window]);
  useEffect(() => waterfall.current?.setSelected(selected), [selected]);
  useEffect(() => {
    waterfall.current?.setLabelWidth(width);
    writePreference('column', String(width));
  }, [width]);

  return (
    <div className={classes.wrap} style={{ '--label': `${width}px` } as React.CSSProperties}>
      <div className={classes.head}>
        <span className={classes.headLabel}>
          {t('waterfall.span')}
          <span className={classes.spring} />
          <Tooltip label={t('waterfall.collapseAll')}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={t('waterfall.collapseAll')}
              onClick={() => waterfall.current?.collapseFrom(0)}
            >
              <IconFold size={15} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('waterfall.expandAll')}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={t('waterfall.expandAll')}
              onClick={() => waterfall.current?.collapseFrom(Number.POSITIVE_INFINITY)}
            >
              <IconFoldDown size={15} />
            </ActionIcon>
          </Tooltip>
        </span>
        <Splitter width={width} onWidth={(px) => setWidth(clampWidth(px))} />
        <canvas ref={axis} className={classes.axis} aria-hidden="true" />
      </div>
      <div
        ref={grid}
        role="treegrid"
        aria-label={t('waterfall.label')}
        aria-colcount={2}
        tabIndex={0}
        data-focus-home
        className={classes.grid}
      />
    </div>
  );
}

function Splitter({ width, onWidth }: { width: number; onWidth: (px: number) => void }) {
  const { t } = useTranslation();
  const start = useRef<{ x: number; width: number } | null>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') onWidth(width - STEP);
    else if (event.key === 'ArrowRight') onWidth(width + STEP);
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={t('waterfall.resize')}
      aria-valuenow={width}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      tabIndex={0}
      className={classes.splitter}
      onKeyDown={onKeyDown}
      onPointerDown={(event: PointerEvent<HTMLDivElement>) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (start.current) onWidth(start.current.width + event.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
    />
  );
}
