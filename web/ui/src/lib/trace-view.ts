import type { TimeWindow } from '../trace/timescale';
import { durationNs } from '../units';
import { parseDuration, writeDuration } from './duration';
import { first, type RawSearch } from './url';

export const PANEL_TABS = ['overview', 'attributes', 'events', 'logs', 'links', 'raw'] as const;
export type PanelTab = (typeof PANEL_TABS)[number];

/** State of the trace page: selected span, zoom, and the panel's tab. */
export type TraceView = { s?: string | undefined; z?: string | undefined; tab?: PanelTab | undefined };

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

export function readTraceView(raw: RawSearch): { view: TraceView; ignored: string[] } {
  const view: TraceView = {};
  const ignored = Object.keys(raw).filter((key) => !['s', 'z', 'tab'].includes(key));
  const [s, z, tab] = [first(raw.s), first(raw.z), first(raw.tab)];
  if (s !== undefined) {
    if (/^[0-9a-f]{1,16}$/i.test(s)) view.s = s.toLowerCase().padStart(16, '0');
    else ignored.push('s');
  }
  if (z !== undefined) {
    if (parseWindow(z)) view.z = z;
    else ignored.push('z');
  }
  const known = PANEL_TABS.find((t) => t === tab);
  if (known && known !== 'overview') view.tab = known;
  else if (tab !== undefined && !known) ignored.push('tab');
  return { view, ignored };
}

/** Reads a trace id as people paste it: blanks around it, capitals, or a whole address. */
export function readTraceId(text: string): string | undefined {
  const id = /(?:^|\/trace\/|\/t\/)([0-9a-f]{1,32})(?:[?#].*)?$/i.exec(text.trim())?.[1];
  return id && !/^0+$/.test(id) ? id.toLowerCase().padStart(32, '0') : undefined;
}
