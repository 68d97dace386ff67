import { DEFAULT_RANGE, isRange, type RangeText } from './range';
import { all, type RawSearch } from './url';

/**
 * How one part of a page's state stands in its address. read gets every value that the address has for it and answers
 * undefined when it cannot make sense of them, null for what holds anyway: that is left out of addresses.
 */
export type Field<T> = {
  read: (texts: readonly string[]) => T | null | undefined;
  write: (value: T) => string | readonly string[] | undefined;
};

// biome-ignore lint/suspicious/noExplicitAny: fields of every type stand side by side
export type Fields = Record<string, Field<any>>;

/** The parts that a page's address has. ranged says that the time range, and whether it goes on by itself, are among them. */
export type View<F extends Fields = Fields> = { fields: F; ranged: boolean };

type Ends = { from?: string | undefined; to?: string | undefined; live?: boolean | undefined };

const ENDS = ['from', 'to', 'live'] as const;

/** State of a page: absent means not restricted, not chosen, or as it is by default. */
export type StateOf<V> =
  V extends View<infer F>
    ? { [K in keyof F]?: (F[K] extends Field<infer T> ? T : never) | undefined } & Ends
    : never;

export const defineView = <F extends Fields>(fields: F, { ranged = true } = {}): View<F> => ({
  fields,
  ranged,
});

/** Reads an address. What cannot be understood is left out and named in ignored; the page says so. */
export function readView<F extends Fields>(
  view: View<F>,
  raw: RawSearch,
  nowMs: number,
): { state: StateOf<View<F>>; ignored: string[] } {
  const state: Record<string, unknown> = {};
  const known = new Set([...Object.keys(view.fields), ...(view.ranged ? ENDS : [])]);
  const ignored = Object.keys(raw).filter((key) => !known.has(key));
  for (const [key, field] of Object.entries(view.fields)) {
    const texts = all(raw[key]).filter((one) => one !== '');
    if (texts.length === 0) continue;
    const value: unknown = field.read(texts);
    if (value === undefined || (Array.isArray(value) && value.length < new Set(texts).size))
      ignored.push(key);
    if (value !== undefined && value !== null) state[key] = value;
  }
  if (view.ranged) {
    const range = rangeOf({ from: all(raw.from)[0], to: all(raw.to)[0] });
    if (isRange(range, nowMs)) Object.assign(state, unusualEnds(range));
    else ignored.push('from', 'to');
    if (raw.live === 'true') state.live = true;
  }
  return { state: state as StateOf<View<F>>, ignored };
}

/** What stands in the address for a state: all that does not hold anyway, so that equal states have equal addresses. */
export function writeView<F extends Fields>(view: View<F>, state: StateOf<View<F>>): Record<string, unknown> {
  const search: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(view.fields)) {
    const value = (state as Record<string, unknown>)[key];
    if (value !== undefined) search[key] = field.write(value);
  }
  return view.ranged ? { ...search, ...unusualEnds(rangeOf(state)), live: state.live } : search;
}

/** The time range that a state means. */
export const rangeOf = ({ from, to }: Ends): RangeText => ({
  from: from ?? DEFAULT_RANGE.from,
  to: to ?? DEFAULT_RANGE.to,
});

const unusualEnds = ({ from, to }: RangeText): Partial<RangeText> => ({
  ...(from !== DEFAULT_RANGE.from && { from }),
  ...(to !== DEFAULT_RANGE.to && { to }),
});

/** Any text. */
export const text: Field<string> = { read: ([one]) => one, write: (value) => value };

/** One of some words. usual is the one that holds when nothing is said. */
export const oneOf = <T extends string>(values: readonly T[], usual?: T): Field<T> => ({
  read: ([one]) => (one === usual ? null : values.find((value) => value === one)),
  write: (value) => (value === usual ? undefined : value),
});

/** On or, when nothing is said, off. */
export const flag: Field<boolean> = {
  read: ([one]) => (one === 'true' ? true : one === 'false' ? null : undefined),
  write: (value) => (value ? 'true' : undefined),
};

/** A whole number within bounds. */
export const whole = (least: number, most: number, usual?: number): Field<number> => ({
  read: ([one]) => {
    const n = /^\d{1,15}$/.test(one ?? '') ? Number(one) : Number.NaN;
    return n === usual ? null : n >= least && n <= most ? n : undefined;
  },
  write: (value) => (value === usual ? undefined : String(value)),
});

/** Text that normal understands, spelled as it does. */
export const spelled = (normal: (text: string) => string | undefined): Field<string> => ({
  read: ([one]) => normal(one ?? ''),
  write: (value) => value,
});

/** Several of what normal understands, each once, at most so many. */
export const several = (normal: (text: string) => string | undefined, most: number): Field<string[]> => ({
  read: (texts) => {
    const good = new Set(texts.map(normal).filter((one) => one !== undefined));
    return good.size === 0 ? undefined : [...good].slice(0, most);
  },
  write: (values) => values,
});

/** What an address says of the time, to take along to another page. */
export const endsOf = (raw: RawSearch): RawSearch =>
  Object.fromEntries(ENDS.flatMap((key) => (raw[key] === undefined ? [] : [[key, raw[key]]])));

/** The range as the API takes it. An open end stays open, so that spans from a fast clock are found. */
export const rangeParams = (ends: Ends): { from: string; to?: string } => {
  const { from, to } = rangeOf(ends);
  return { from, ...(to !== 'now' && { to }) };
};
