import { Button } from '@mantine/core';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlameGraphData } from '../api/functions';
import { boxes, type Flame, frameAt, layoutFlame, pathOf, rowAt, stackOf, step } from '../lib/flame';
import { LEAST_PX, LINE, paintFlame } from '../lib/flame-paint';
import { useCanvasStyle } from '../theme/use-theme';
import { Canvas } from './Canvas';
import { FilterInput } from './FilterInput';
import { FlameCosts } from './FlameCosts';
import classes from './FlameGraph.module.css';
import { useFigures } from './use-figures';
import { useFormats } from './use-formats';
import { useSize } from './use-size';

type Props = {
  graph: FlameGraphData;
  /** The frame that is zoomed to, as lib/flame.ts spells it; empty shows everything. */
  frame: string;
  onFrame: (frame: string) => void;
};

const NO_COLOURS = new Map();

/** Values of a profile in their unit: CPU time as durations, samples as counts. */
export function useFlameValue(unit: string) {
  const { t } = useTranslation();
  const format = useFormats();
  const nanoseconds = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 }[unit];
  return (value: number) =>
    nanoseconds
      ? format.duration(value * nanoseconds)
      : unit === 'bytes'
        ? format.bytes(value)
        : t('cpuProfile.samples', { count: value });
}

/**
 * A profile as a flame graph: callers above what they call, width by cost. Pressing a frame zooms to it; the arrow keys go
 * from frame to frame. Its table twin has every function by its own cost.
 */
export function FlameGraph({ graph, frame, onFrame }: Props) {
  const { t } = useTranslation();
  const flame = useMemo(() => layoutFlame({ ...graph.root, name: t('cpuProfile.root') }), [graph, t]);
  const focus = useMemo(() => rowAt(flame, frame), [flame, frame]);
  const [find, setFind] = useState('');
  const found = useMemo(() => matches(flame, find), [flame, find]);
  const { percent } = useFigures();
  const format = useFormats();
  if (graph.root.value === 0) return <p>{t('cpuProfile.empty')}</p>;
  return (
    <div className={classes.box}>
      <div className={classes.bar}>
        <FilterInput label={t('cpuProfile.find')} value={find} onChange={setFind} />
        {found && (
          <span role="status">
            {t('cpuProfile.found', { share: percent(found.share), n: format.count(found.names) })}
          </span>
        )}
        {focus > 0 && (
          <Button size="compact-xs" variant="default" onClick={() => onFrame('')}>
            {t('cpuProfile.reset')}
          </Button>
        )}
        {focus > 0 && <Path flame={flame} focus={focus} onFrame={onFrame} />}
      </div>
      <FlameView flame={flame} focus={focus} unit={graph.unit} found={found?.rows} onFrame={onFrame} />
      {graph.cut > 0 && <p className={classes.line}>{t('fn.cut', { n: format.count(graph.cut) })}</p>}
      <FlameCosts flame={flame} unit={graph.unit} onRow={(row) => onFrame(pathOf(flame, row))} />
    </div>
  );
}

/** Frames whose name has the text, the share of the whole below them, and how many functions they are. */
function matches(flame: Flame, text: string) {
  if (text === '') return undefined;
  const wanted = text.toLowerCase();
  const rows = new Set<number>();
  const names = new Set<string>();
  let sum = 0;
  // Rows up to here are below one that was counted.
  let counted = 0;
  for (let row = 1; row < flame.count; row++) {
    const name = flame.nodes[row]?.name ?? '';
    if (!name.toLowerCase().includes(wanted)) continue;
    rows.add(row);
    names.add(name);
    if (row >= counted) {
      sum += flame.value[row] ?? 0;
      counted = flame.end[row] ?? 0;
    }
  }
  return { rows, share: sum / (flame.value[0] || 1), names: names.size };
}

function Path({ flame, focus, onFrame }: { flame: Flame; focus: number; onFrame: (frame: string) => void }) {
  const { t } = useTranslation();
  // The last few callers: a stack may be hundreds of frames deep, and all stand above in the drawing.
  const rows = stackOf(flame, focus).slice(1).slice(-4);
  return (
    <nav className={classes.path} aria-label={t('cpuProfile.path')}>
      {rows.map((row) => (
        <button
          key={row}
          type="button"
          className={classes.crumb}
          aria-current={row === focus || undefined}
          title={flame.nodes[row]?.name}
          onClick={() => onFrame(pathOf(flame, row))}
        >
          {flame.nodes[row]?.name} {row !== focus && '›'}
        </button>
      ))}
    </nav>
  );
}

type ViewProps = {
  flame: Flame;
  focus: number;
  unit: string;
  found: ReadonlySet<number> | undefined;
  onFrame: (frame: string) => void;
};

const ARROWS = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']);

function FlameView({ flame, focus, unit, found, onFrame }: ViewProps) {
  const { t } = useTranslation();
  const style = useCanvasStyle(NO_COLOURS);
  const { percent } = useFigures();
  const value = useFlameValue(unit);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [cursor, setCursor] = useState(-1);
  const drawn = useMemo(() => boxes(flame, focus, width > 0 ? LEAST_PX / width : 1), [flame, focus, width]);
  const lines = drawn.reduce((most, { line }) => Math.max(most, line + 1), 1);
  const draw = useCallback(
    (context: CanvasRenderingContext2D, wide: number) =>
      paintFlame(context, wide, flame, drawn, { cursor, found }, style),
    [flame, drawn, cursor, found, style],
  );
  const at = (event: { clientX: number; clientY: number; currentTarget: HTMLElement }) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const line = Math.floor((event.clientY - top) / LINE);
    return frameAt(drawn, (event.clientX - left) / Math.max(1, width), line)?.row ?? -1;
  };
  const shown = cursor >= 0 ? cursor : focus;
  const node = flame.nodes[shown];
  const words = node
    ? t('cpuProfile.summary', {
        name: node.name,
        value: value(node.value),
        share: percent(node.value / (flame.value[0] || 1)),
        self: value(node.self),
      })
    : '';
  return (
    <>
      <div className={classes.view}>
        <div
          ref={box}
          role="group"
          tabIndex={0}
          aria-label={`${t('cpuProfile.label')}. ${t('cpuProfile.keys')}`}
          style={{ cursor: cursor >= 0 ? 'pointer' : 'default' }}
          onMouseMove={(event) => setCursor(at(event))}
          onMouseLeave={() => setCursor(-1)}
          onClick={(event) => {
            const row = at(event);
            if (row >= 0) onFrame(pathOf(flame, row));
          }}
          onKeyDown={(event) => {
            if (ARROWS.has(event.key)) {
              event.preventDefault();
              setCursor(step(flame, shown, event.key));
            } else if (event.key === 'Enter') onFrame(pathOf(flame, shown));
            else if (event.key === 'Escape') onFrame('');
          }}
        >
          <Canvas draw={draw} height={lines * LINE} aria-hidden="true" />
        </div>
      </div>
      <p className={classes.line} role="status" title={node?.file}>
        <strong>{words}</strong> {node?.file}
      </p>
    </>
  );
}
