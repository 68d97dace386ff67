import { type InstantNs, toMillis } from '../units';

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(language: string, name: keyof typeof OPTIONS): Intl.DateTimeFormat {
  const key = `${language} ${name}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, OPTIONS[name]);
    formats.set(key, format);
  }
  return format;
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const DAY = { month: 'short', day: 'numeric' } as const;

const OPTIONS = {
  full: { ...DAY, year: 'numeric', ...CLOCK, fractionalSecondDigits: 3, timeZoneName: 'short' },
  short: { ...DAY, ...CLOCK },
  clock: { ...CLOCK, fractionalSecondDigits: 3 },
  logTime: { ...DAY, ...CLOCK, fractionalSecondDigits: 3 },
  axisClock: CLOCK,
  axisMinute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  axisDay: { ...DAY, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
} satisfies Record<string, Intl.DateTimeFormatOptions>;

/** "Nov 23, 2026, 01:45:30.123 UTC": for headers and tooltips. */
export const formatInstant = (t: InstantNs, language: string) =>
  dateFormat(language, 'full').format(toMillis(t));

/** "Nov 23, 01:45:30": for lists. */
export const formatInstantShort = (t: InstantNs, language: string) =>
  dateFormat(language, 'short').format(toMillis(t));

/** "01:45:30.123": where the day is clear. */
export const formatClock = (t: InstantNs, language: string) =>
  dateFormat(language, 'clock').format(toMillis(t));

/** "Nov 23, 01:45:30.123": for lists that may go over midnight. */
export const formatLogTime = (t: InstantNs, language: string) =>
  dateFormat(language, 'logTime').format(toMillis(t));

/** "14:02" for a moment of today, "Nov 23, 14:02" for any other: in sentences. */
export function formatMoment(ms: number, nowMs: number, language: string): string {
  const day = (at: number) => new Date(at).toDateString();
  return dateFormat(language, day(ms) === day(nowMs) ? 'axisMinute' : 'axisDay').format(ms);
}

/** A tick label on a time axis that spans spanMs. */
export function formatAxisTime(ms: number, spanMs: number, language: string): string {
  const name = spanMs <= 10 * 60_000 ? 'axisClock' : spanMs <= 36 * 3_600_000 ? 'axisMinute' : 'axisDay';
  return dateFormat(language, name).format(ms);
}

const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** "3 minutes ago". */
export function formatAgo(t: InstantNs, nowMs: number, language: string): string {
  let format = relativeFormats.get(language);
  if (!format) {
    format = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' });
    relativeFormats.set(language, format);
  }
  const seconds = Math.round((toMillis(t) - nowMs) / 1000);
  const [unit, size] = STEPS.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1];
  return format.format(Math.trunc(seconds / size), unit);
}
