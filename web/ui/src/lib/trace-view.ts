import type { TimeWindow } from '../trace/timescale';
import { durationNs } from '../units';
import { parseDuration, writeDuration } from './duration';
import { defineView, oneOf, type StateOf, several, spelled, text, whole } from './view';

/** "120ms-3.4s" after the trace's start. */
export function parseWindow(text: string | undefined): TimeWindow | undefined {
  const [from, to, more] = (text ?? '').split('-').map(parseDuration);
  if (from === undefined || to === undefined || more !== undefined || from >= to) return undefined;
  return { from, to };
}

/** Writes a window to a thousandth of its own width: more could not be seen, and nobody wants to read it. */
export function writeWindow({ from, to }: TimeWindow): string {
  const grain = Math.max(1, 10 ** Math.floor(Math.log10((to - from) / 1000)));
  const text = (ns: number) => writeDuration(durationNs(Math.round(ns / grain) * grain));
  return `${text(from)}-${text(to)}`;
}

export const PANEL_TABS = ['overview', 'attributes', 'events', 'logs', 'links', 'profile', 'raw'] as const;
export type PanelTab = (typeof PANEL_TABS)[number];

/** What the trace can be looked at as; keys 1 to 5. */
export const TRACE_VIEWS = ['waterfall', 'flame', 'map', 'table', 'logs'] as const;

/** The least severity of the log records on show. */
export const LOG_LEVELS = ['all', 'warn', 'error'] as const;

const SWITCH = ['on', 'off'] as const;

/** A span id, with the zeros that some leave out. */
export function readSpanId(id: string): string | undefined {
  return /^[0-9a-f]{1,16}$/i.test(id) ? id.toLowerCase().padStart(16, '0') : undefined;
}

/**
 * State of the trace page: selected span, zoom and the panel's tab; the view; whether the critical path is drawn, repeated
 * siblings are one row, and times in which nothing runs are shortened; what is looked for, and what is left out: services,
 * and spans below so many thousandths of the trace; below which spans the traces that they are linked with are shown; the least severity
 * of logs; how the table is sorted; the frame that the span's profile is zoomed to.
 */
export const TRACE = defineView(
  {
    s: spelled(readSpanId),
    z: spelled((window) => (parseWindow(window) ? window : undefined)),
    tab: oneOf(PANEL_TABS, 'overview'),
    v: oneOf(TRACE_VIEWS, 'waterfall'),
    cp: oneOf(SWITCH, 'on'),
    fold: oneOf(SWITCH, 'on'),
    gaps: oneOf(SWITCH, 'off'),
    q: text,
    hide: several((name) => name, 50),
    min: whole(0, 500, 0),
    hop: several(readSpanId, 50),
    level: oneOf(LOG_LEVELS, 'all'),
    sort: spelled((by) => (/^-?[a-z][a-zA-Z0-9]*$/.test(by) ? by : undefined)),
    frame: spelled((at) => (/^\d+(\.\d+)*$/.test(at) ? at : undefined)),
  },
  { ranged: false },
);

export type TraceView = StateOf<typeof TRACE>;

/** Reads a trace id as people paste it: blanks around it, capitals, or a whole address. */
export function readTraceId(text: string): string | undefined {
  const id = /(?:^|\/trace\/|\/t\/)([0-9a-f]{1,32})(?:[?#].*)?$/i.exec(text.trim())?.[1];
  return id && !/^0+$/.test(id) ? id.toLowerCase().padStart(32, '0') : undefined;
}
