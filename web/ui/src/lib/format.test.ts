import { describe, expect, it } from 'vitest';
import { formatTick, ticks } from '../trace/timescale';
import { durationNs, instantNs, parseInstant, since } from '../units';
import { formatBytes, formatCompact, formatDuration, parseDuration, writeDuration } from './duration';
import { formatAgo, formatInstant } from './instant';
import { fromLocalInput, isRange, parseInstantText, resolveRange, toLocalInput } from './range';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const duration = (ns: number, language = 'en') => plain(formatDuration(ns, language));

describe('durations', () => {
  it('use µs, ms and s with three digits', () => {
    expect(duration(0)).toBe('0 µs');
    expect(duration(250)).toBe('0.25 µs');
    expect(duration(1_234)).toBe('1.23 µs');
    expect(duration(999_999)).toBe('1 ms');
    expect(duration(123_456_789)).toBe('123 ms');
    expect(duration(999_960_000)).toBe('1 s');
    expect(duration(1_999e6)).toBe('2 s');
    expect(duration(59_940e6)).toBe('59.9 s');
  });

  it('are minutes, hours and days from a minute on', () => {
    expect(duration(59_960e6)).toBe('1 m');
    expect(duration(72e9)).toBe('1 m 12 s');
    expect(duration(-252e9)).toBe('-4 m 12 s');
    expect(duration(119_700e6)).toBe('2 m');
    expect(duration(7_215e9)).toBe('2 h');
    expect(duration(7_230e9)).toBe('2 h 1 m');
    expect(duration(3_599.7e9)).toBe('1 h');
    expect(duration(86_399e9)).toBe('1 d');
    expect(duration(270_000e9, 'zh-CN')).toBe('3 d 3 h');
  });

  it('are read in every unit the API knows', () => {
    expect(parseDuration('1500')).toBe(1500);
    expect(parseDuration('250us')).toBe(250_000);
    expect(parseDuration('250µs')).toBe(250_000);
    expect(parseDuration('1.5s')).toBe(1_500_000_000);
    expect(parseDuration('2m30s')).toBe(150e9);
    expect(parseDuration('1d')).toBe(86_400e9);
    for (const bad of ['', 's', '1', '-1s', '1x', '1s x', '9999999w'].filter((t) => t !== '1'))
      expect(parseDuration(bad), bad).toBeUndefined();
  });

  it('survive writing', () => {
    for (const ns of [0, 1, 999, 1000, 1_500, 1_234_567, 3_400_000_000, 86_400e9]) {
      expect(parseDuration(writeDuration(durationNs(ns)))).toBe(ns);
    }
  });
});

describe('numbers', () => {
  it('follow the language', () => {
    expect(formatCompact(12_345, 'en')).toBe('12.3K');
    expect(formatCompact(12_345, 'zh-CN')).toBe('1.23万');
    expect(plain(formatBytes(1536, 'en'))).toBe('1.5 KiB');
    expect(plain(formatBytes(0, 'en'))).toBe('0 B');
  });
});

describe('instants', () => {
  const t = parseInstant('1700000000123456789');
  it('keep nanoseconds in arithmetic', () => {
    expect(since(instantNs(t + 1n), t)).toBe(1);
  });
  it('follow the language', () => {
    expect(formatInstant(t, 'en')).toContain('Nov');
    expect(formatInstant(t, 'zh-CN')).toContain('2023年11月');
    expect(formatInstant(t, 'en')).toContain('.123');
    expect(formatAgo(t, 1_700_000_180_123, 'en')).toBe('3 min. ago');
    expect(formatAgo(t, 1_700_000_180_123, 'zh-CN')).toBe('3分钟前');
  });
});

describe('ranges', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  it('read relative, RFC 3339 and nanoseconds', () => {
    expect(parseInstantText('now', now)).toBe(BigInt(now) * 1_000_000n);
    expect(parseInstantText('now-1h', now)).toBe(BigInt(now - 3_600_000) * 1_000_000n);
    expect(parseInstantText('now+5m', now)).toBe(BigInt(now + 300_000) * 1_000_000n);
    expect(parseInstantText('2026-11-23T12:00:00Z', now)).toBe(BigInt(now) * 1_000_000n);
    expect(parseInstantText('2026-11-23T20:00:00+08:00', now)).toBe(BigInt(now) * 1_000_000n);
    expect(parseInstantText('1700000000000000001', now)).toBe(1700000000000000001n);
    for (const bad of ['', 'then', 'now-', 'now-1y', '2026-11-23', '2026-13-40T00:00:00Z']) {
      expect(parseInstantText(bad, now), bad).toBeUndefined();
    }
  });
  it('must not be empty', () => {
    expect(isRange({ from: 'now-1h', to: 'now' }, now)).toBe(true);
    expect(isRange({ from: 'now', to: 'now' }, now)).toBe(false);
    expect(isRange({ from: 'x', to: 'now' }, now)).toBe(false);
    expect(resolveRange({ from: 'now-1h', to: 'now' }, now)).toEqual({ fromMs: now - 3_600_000, toMs: now });
  });
  it('fill and read the date inputs', () => {
    expect(Date.parse(fromLocalInput(toLocalInput(now)) ?? '')).toBe(now);
    expect(fromLocalInput('')).toBeUndefined();
  });
});

describe('ticks', () => {
  it('are round and inside', () => {
    expect(ticks({ from: 0, to: 1e9 }, 5)).toEqual({ at: [0, 2e8, 4e8, 6e8, 8e8, 1e9], step: 2e8 });
    expect(ticks({ from: 1.5e6, to: 2.5e6 }, 4).at).toEqual([1.5e6, 2e6, 2.5e6]);
  });
  it('show as many decimals as the step has', () => {
    const window = { from: 1.2e9, to: 1.2001e9 };
    expect(plain(formatTick(1.20002e9, 2e4, window, 'en'))).toBe('1.20002 s');
    expect(plain(formatTick(2e8, 2e8, { from: 0, to: 8e8 }, 'en'))).toBe('200 ms');
  });
});
