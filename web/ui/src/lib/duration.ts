import { type DurationNs, durationNs } from '../units';

const UNITS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
};

const TERM = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h|d|w)\s*/;

/**
 * Reads "250us", "1.5s" or "2m30s" (units ns, us, µs, ms, s, m, h, d, w), or a bare number of nanoseconds. Undefined when
 * the text is something else, or more than what a double holds exactly.
 */
export function parseDuration(text: string): DurationNs | undefined {
  let rest = text.trim();
  if (/^\d+$/.test(rest)) return exact(Number(rest));
  if (rest === '') return undefined;
  let total = 0;
  while (rest !== '') {
    const term = TERM.exec(rest);
    if (!term) return undefined;
    total += Number(term[1]) * (UNITS[term[2] ?? ''] ?? Number.NaN);
    rest = rest.slice(term[0].length);
  }
  return exact(Math.round(total));
}

function exact(ns: number): DurationNs | undefined {
  return Number.isSafeInteger(ns) ? durationNs(ns) : undefined;
}

/** Writes a duration exactly, in the largest unit that needs no more than three decimals; parseDuration reads it back. */
export function writeDuration(d: DurationNs): string {
  for (const unit of ['s', 'ms', 'us']) {
    const size = UNITS[unit] ?? 1;
    const thousandths = (d * 1000) / size;
    if (d >= size && Number.isInteger(thousandths)) return `${d / size}${unit}`;
  }
  return `${d}ns`;
}

const numberFormats = new Map<string, Intl.NumberFormat>();

function numberFormat(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, options);
    numberFormats.set(key, format);
  }
  return format;
}

const NARROW_SPACE = '\u202f';

/**
 * A duration for people: µs, ms or s, so that numbers in one column compare by eye, and from a minute on the two largest
 * units that tell something, as "1 m 12 s" or "2 d 3 h". Three significant digits below a minute.
 */
export function formatDuration(ns: number, language: string): string {
  const size = Math.abs(ns);
  if (size >= 59.95e9) return formatLong(ns, language);
  const [value, unit] = size < 1e6 ? [ns / 1e3, 'µs'] : size < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's'];
  // 999.96 ms would round to "1,000 ms".
  if (Math.abs(value) >= 999.5 && unit !== 's') {
    return unit === 'µs' ? `1${NARROW_SPACE}ms` : `1${NARROW_SPACE}s`;
  }
  const options = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return numberFormat(language, options).format(value) + NARROW_SPACE + unit;
}

const LONG = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

function formatLong(ns: number, language: string): string {
  const seconds = Math.round(Math.abs(ns) / 1e9);
  // Rounded to the lesser unit first, so that there never are 60 of them.
  const at = LONG.findIndex(([, size], k) => {
    const part = LONG[k + 1]?.[1] ?? 1;
    return Math.round(seconds / part) * part >= size;
  });
  const [unit, size] = LONG[at] ?? LONG[3];
  const [lesser, part] = LONG[at + 1] ?? LONG[3];
  const parts = Math.round(seconds / part);
  const whole = Math.floor((parts * part) / size);
  const rest = parts - whole * (size / part);
  const text = numberFormat(language, { maximumFractionDigits: 0 }).format(ns < 0 ? -whole : whole);
  const head = `${text}${NARROW_SPACE}${unit}`;
  return rest > 0 ? `${head} ${rest}${NARROW_SPACE}${lesser}` : head;
}

export function formatCount(n: number, language: string): string {
  return numberFormat(language, { maximumFractionDigits: 0 }).format(n);
}

/** A ratio, or something a second, to three significant digits. */
export function formatRatio(n: number, language: string): string {
  return numberFormat(language, { maximumSignificantDigits: 3 }).format(n);
}

/** Short form for footers: 12.3K, 4.5M; 1.2万 in Chinese. */
export function formatCompact(n: number, language: string): string {
  return numberFormat(language, { notation: 'compact', maximumSignificantDigits: 3 }).format(n);
}

/** A share from 0 to 1 as a percentage to a tenth. What is very small keeps two digits, so that it does not look like nothing. */
export function formatPercent(share: number, language: string): string {
  if (share > 0 && share < 0.0001) return `<${formatPercent(0.0001, language)}`;
  const small = share > 0 && share < 0.01;
  return numberFormat(language, {
    style: 'percent',
    ...(small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 1 }),
  }).format(share);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(bytes: number, language: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return (
    numberFormat(language, { maximumSignificantDigits: 3 }).format(value) + NARROW_SPACE + BYTE_UNITS[unit]
  );
}
