import { describe, expect, it } from 'vitest';
import { binDurations, quantile } from './bins';

describe('bins', () => {
  it('have bounds of 1, 2 and 5, no gaps, and every value', () => {
    const bins = binDurations([1.5e6, 1.9e6, 2e6, 40e6]);
    expect(bins).toEqual([
      { fromNs: 1e6, toNs: 2e6, count: 2 },
      { fromNs: 2e6, toNs: 5e6, count: 1 },
      { fromNs: 5e6, toNs: 10e6, count: 0 },
      { fromNs: 10e6, toNs: 20e6, count: 0 },
      { fromNs: 20e6, toNs: 50e6, count: 1 },
    ]);
  });

  it('hold one value, a power of ten, and none', () => {
    expect(binDurations([1e6])).toEqual([{ fromNs: 1e6, toNs: 2e6, count: 1 }]);
    expect(binDurations([])).toEqual([]);
    expect(binDurations([0])[0]?.count).toBe(1);
  });
});

describe('quantile', () => {
  it('is a value that is there', () => {
    expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(quantile([5, 1], 0.95)).toBe(5);
    expect(quantile([], 0.5)).toBe(0);
  });
});
