/** A length of time in nanoseconds; exact up to 2^53 ns, about 104 days. */
export type DurationNs = number & { readonly unit: 'duration-ns' };

/** An instant as Unix nanoseconds. A bigint, because today's instants do not fit a double. */
export type InstantNs = bigint & { readonly unit: 'instant-ns' };

export const durationNs = (n: number) => n as DurationNs;
export const instantNs = (n: bigint) => n as InstantNs;

/** Reads the decimal string an instant crosses the wire as. */
export const parseInstant = (s: string) => BigInt(s) as InstantNs;

export const since = (a: InstantNs, b: InstantNs) => Number(a - b) as DurationNs;

/** Milliseconds since the epoch for Date and Intl; the rest below a millisecond is dropped. */
export const toMillis = (t: InstantNs) => Number(t / 1_000_000n);

export const fromMillis = (ms: number) => (BigInt(Math.round(ms)) * 1_000_000n) as InstantNs;
