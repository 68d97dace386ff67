import {
  buildTrace,
  FLAG_BLOCK,
  FLAG_COLD,
  FLAG_KILLED,
  FLAG_LOST,
  FLAG_RUNNING,
  STATUS_ERROR,
  type TraceModel,
} from './model';
import { BAR_HEIGHT, paintBar, type Style, toX } from './paint';
import { paintWait } from './paint-marks';

/** What the legend explains, in its order. */
export const LEGEND = [
  'own',
  'path',
  'failed',
  'events',
  'cold',
  'unexplained',
  'queue',
  'running',
  'killed',
  'lost',
  'block',
] as const;

export type LegendName = (typeof LEGEND)[number];

const FLAGS: Partial<Record<LegendName, number>> = {
  cold: FLAG_COLD,
  unexplained: FLAG_COLD,
  running: FLAG_RUNNING,
  killed: FLAG_KILLED,
  lost: FLAG_LOST,
  block: FLAG_BLOCK,
};

const FROM = 10;
const TO = 78;
const WHOLE = 100;

/** A trace with one row for each of them, and one below the first, for which that waits. */
export function legendTrace(): TraceModel {
  const rows = [...LEGEND, 'callee'];
  const fill = (value: number) => rows.map(() => value);
  const own = rows.length - 1;
  return buildTrace({
    traceId: '',
    startNs: '0',
    durationNs: WHOLE,
    services: [''],
    names: ['', 'unexplained'],
    categories: [],
    peers: [],
    modules: [],
    links: [],
    linksTruncated: 0,
    events: {
      row: [LEGEND.indexOf('events'), LEGEND.indexOf('events')],
      offset: [16, 48],
      name: [0, 1],
      names: ['', 'exception'],
      truncated: 0,
    },
    spans: {
      id: rows,
      parent: rows.map((_, row) => (row === own ? 0 : -1)),
      start: rows.map((_, row) => (row === own ? 34 : rows[row] === 'queue' ? 52 : FROM)),
      duration: rows.map((_, row) => (row === own ? 30 : rows[row] === 'queue' ? TO - 52 : TO - FROM)),
      service: fill(0),
      name: rows.map((name) => (name === 'unexplained' ? 1 : 0)),
      kind: fill(1),
      status: rows.map((name) => (name === 'failed' ? STATUS_ERROR : 0)),
      category: fill(-1),
      peer: fill(-1),
      module: fill(-1),
      events: fill(0),
      links: fill(0),
      flags: rows.map((name) => FLAGS[name as LegendName] ?? 0),
    },
  });
}

/** Draws the sample of one of them. */
export function paintLegend(
  context: CanvasRenderingContext2D,
  model: TraceModel,
  name: LegendName,
  width: number,
  height: number,
  style: Style,
): void {
  const window = { from: 0, to: WHOLE };
  context.font = style.font;
  context.textBaseline = 'middle';
  const row = model.rowOf.get(name) ?? 0;
  const y = height / 2;
  if (name === 'queue') paintWait(context, FROM, model.start[row] ?? 0, '', y, width, window, style);
  paintBar(context, model, row, y, width, window, style, false, false);
  if (name !== 'path') return;
  context.fillStyle = style.text;
  const left = toX(FROM, window, width);
  context.fillRect(left, y + BAR_HEIGHT / 2 + 1.5, toX(TO, window, width) - left, 3);
}
