import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { findGaps, GapScale, queueOf } from './gaps';
import { buildTrace } from './model';

const waiting = () => {
  const compact = compactTrace([
    { id: 'send', start: 0, duration: 10 },
    { id: 'receive', parent: 'send', start: 1000, duration: 20 },
    { id: 'late', parent: 'receive', start: 1030, duration: 10 },
  ]);
  compact.peers = ['orders'];
  compact.spans.kind = [4, 5, 1];
  compact.spans.peer = [0, -1, -1];
  return buildTrace(compact);
};

it('finds the times in which nothing runs, and the queue that explains one', () => {
  const model = waiting();
  const gaps = findGaps(model);
  expect(gaps).toEqual([{ from: 10, to: 1000 }]);
  expect(gaps.map((gap) => queueOf(model, gap))).toEqual(['orders']);
});

it('shortens gaps, rises everywhere and can be turned round', () => {
  const scale = new GapScale(
    [
      { from: 10, to: 1000 },
      { from: 1010, to: 5000 },
    ],
    5020,
  );
  let before = -1;
  for (let ns = 0; ns <= 5020; ns += 1) {
    const shown = scale.toShown(ns);
    expect(shown).toBeGreaterThan(before);
    expect(scale.toReal(shown)).toBeCloseTo(ns, 6);
    before = shown;
  }
  expect(scale.toShown(1000) - scale.toShown(10)).toBeLessThan(3);
  expect(scale.toShown(5)).toBe(5);
});

it('changes nothing without gaps', () => {
  expect(new GapScale([], 100).toShown(42)).toBe(42);
});
