import { describe, expect, it } from 'vitest';
import { placePhases } from './phases';

const phase = (name: string, depth: number, meanNs: number, starts = 4) => ({
  name,
  depth,
  starts,
  meanNs,
  p50Ns: meanNs,
  p95Ns: meanNs,
  maxNs: meanNs,
});

const places = (rows: ReturnType<typeof placePhases>) =>
  rows.map((row) => row.map(({ phase: { name }, fromNs, widthNs }) => [name, fromNs, widthNs]));

describe('phases of a cold start', () => {
  it('stand below the phase that they are part of, one after the other', () => {
    const rows = placePhases([
      phase('init', 0, 100),
      phase('code', 1, 20),
      phase('unpack', 2, 15),
      phase('runtime', 1, 70),
      phase('exec', 2, 30),
      phase('modules', 2, 40),
    ]);
    expect(places(rows)).toEqual([
      [['init', 0, 100]],
      [
        ['code', 0, 20],
        ['runtime', 20, 70],
      ],
      [
        ['unpack', 0, 15],
        ['exec', 20, 30],
        ['modules', 50, 40],
      ],
    ]);
    expect(rows[2]?.[2]?.share).toBeCloseTo(0.4);
  });

  it('count for less when only some of the starts have them', () => {
    const rows = placePhases([phase('init', 0, 100), phase('download', 1, 80, 1)]);
    expect(rows[1]?.[0]?.widthNs).toBe(20);
  });

  it('never run out of the phase above', () => {
    const rows = placePhases([phase('init', 0, 100), phase('a', 1, 90), phase('b', 1, 60)]);
    const last = rows[1]?.at(-1);
    expect((last?.fromNs ?? 0) + (last?.widthNs ?? 0)).toBeCloseTo(100);
  });

  it('may be none', () => {
    expect(placePhases([])).toEqual([]);
  });
});
