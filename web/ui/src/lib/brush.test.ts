import { describe, expect, it } from 'vitest';
import { brushed, readBrush, roundOut, writeBrush } from './brush';

describe('brush in the address', () => {
  for (const text of [
    '1795609014260-1795610944661',
    '1795609014260-1795610944661,trace:10ms-2s',
    'span:250us-',
    'trace:150ms-,errors',
    'errors',
  ]) {
    it(`round trip of ${text}`, () => {
      const brush = readBrush(text);
      expect(brush && writeBrush(brush)).toBe(text);
    });
  }

  it('refuses nonsense', () => {
    for (const text of ['', '5-5', '9-1', 'trace:2s-1s', 'trace:fast-', 'span:-1s', 'red', 'errors,x'])
      expect(readBrush(text), text).toBeUndefined();
  });

  it('is asked for together with the filters, the narrower bound holds', () => {
    const request = { from: 'now-1h', service: 'cart', minTraceDuration: '1s', maxDuration: '1ms' };
    expect(
      brushed(request, {
        time: { fromMs: 1_000, toMs: 2_000 },
        trace: { from: 5e8, to: 2e9 },
        span: { from: 1e5, to: 5e6 },
        errors: true,
      }),
    ).toEqual({
      service: 'cart',
      from: '1000000000',
      to: '2000000000',
      minTraceDuration: '1s',
      maxTraceDuration: '2s',
      minDuration: '100us',
      maxDuration: '1ms',
      errors: true,
    });
  });

  it('rounds outwards to three digits', () => {
    expect(roundOut({ from: 123_456_789, to: 987_654_321 })).toEqual({ from: 123_000_000, to: 988_000_000 });
    expect(roundOut({ from: 7.4, to: 12.2 })).toEqual({ from: 7, to: 13 });
  });
});
