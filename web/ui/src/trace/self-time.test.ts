import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { buildTrace } from './model';

it('finds the parts of a span that no child covers, overlaps and late children aside', () => {
  const { self, rowOf } = buildTrace(
    compactTrace([
      { id: 'root', start: 0, duration: 100 },
      { id: 'a', parent: 'root', start: 10, duration: 30 },
      { id: 'b', parent: 'root', start: 20, duration: 30 },
      { id: 'late', parent: 'root', start: 90, duration: 50 },
      { id: 'later', parent: 'root', start: 120, duration: 5 },
    ]),
  );
  const parts = Array.from({ length: self.first[1] ?? 0 }, (_, k) => [self.from[k], self.to[k]]);
  expect(parts).toEqual([
    [0, 10],
    [50, 90],
  ]);
  expect(self.total[0]).toBe(50);
  expect(self.total[rowOf.get('late') ?? 0]).toBe(50);
});

it('is linear: 100,000 children of one span', () => {
  const spans = Array.from({ length: 100_000 }, (_, i) => ({
    id: `s${i}`,
    ...(i > 0 && { parent: 's0' }),
    start: i * 2,
    duration: i === 0 ? 200_000 : 1,
  }));
  expect(buildTrace(compactTrace(spans)).self.total[0]).toBe(200_000 - 99_999);
});
