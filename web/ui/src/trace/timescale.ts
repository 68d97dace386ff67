import { formatDuration } from '../lib/duration';
import type { GapScale } from './gaps';

/** The part of a trace on show, nanoseconds after its start; scale, where idle times are drawn short. */
export type TimeWindow = {
  readonly from: number;
  readonly to: number;
  readonly scale?: GapScale | undefined;
};

// Below this a window shows nothing but rounding.
const NARROWEST_NS = 100;

/** Keeps a window inside the trace and not narrower than can be told apart. */
export function clampWindow(window: TimeWindow, durationNs: number): TimeWindow {
  const whole = Math.max(durationNs, 1);
  const width = Math.min(whole, Math.max(NARROWEST_NS, window.to - window.from));
  const from = Math.min(Math.max(0, window.from), whole - width);
  return { from, to: from + width };
}

export const isWhole = (window: TimeWindow, durationNs: number) =>
  window.from <= 0 && window.to >= durationNs;

/** Zooms by factor (below 1 zooms in) and keeps the instant at share (0 to 1 of the window) where it is. */
export function zoomWindow(
  window: TimeWindow,
  factor: number,
  share: number,
  durationNs: number,
): TimeWindow {
  const width = window.to - window.from;
  const pivot = window.from + width * share;
  const from = pivot - width * factor * share;
  return clampWindow({ from, to: from + width * factor }, durationNs);
}

export function panWindow(window: TimeWindow, share: number, durationNs: number): TimeWindow {
  const by = (window.to - window.from) * share;
  return clampWindow({ from: window.from + by, to: window.to + by }, durationNs);
}

/** About count round instants within the window, and the step between them. */
export function ticks(window: TimeWindow, count: number): { at: number[]; step: number } {
  const raw = (window.to - window.from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10) * power);
  const at: number[] = [];
  for (let k = Math.ceil(window.from / step); k * step <= window.to; k++) at.push(k * step);
  return { at, step };
}

/** A tick's label: one unit for the whole axis and as many decimals as the step needs. */
export function formatTick(ns: number, step: number, window: TimeWindow, language: string): string {
  if (ns === 0) return formatDuration(0, language);
  // Where minutes and seconds, or hours and minutes, are exact, they read better than many seconds.
  if ((window.to >= 60e9 && window.to < 3600e9 && step >= 1e9) || (window.to >= 3600e9 && step >= 60e9))
    return formatDuration(ns, language);
  const [size, unit] = window.to >= 1e9 ? [1e9, 's'] : window.to >= 1e6 ? [1e6, 'ms'] : [1e3, 'µs'];
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)));
  const value = ns / size;
  return `${value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })}\u202f${unit}`;
}
