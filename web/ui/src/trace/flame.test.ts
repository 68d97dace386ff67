import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { flameBlocks, flameLevels } from './flame';
import { buildTrace } from './model';

it('places spans by depth and start, and only what the window holds', () => {
  const model = buildTrace(
    compactTrace([
      { id: 'r', duration: 100 },
      { id: 'a', parent: 'r', start: 0, duration: 50 },
      { id: 'b', parent: 'r', start: 60, duration: 40 },
      { id: 'a1', parent: 'a', start: 10, duration: 10 },
    ]),
  );
  const levels = flameLevels(model);
  const at = (depth: number, from: number, to: number) =>
    flameBlocks(model, levels, depth, { from, to }, 100).map((b) => [model.id[b.row], b.left, b.width]);
  expect(at(1, 0, 100)).toEqual([
    ['a', 0, 50],
    ['b', 60, 40],
  ]);
  expect(at(1, 50.5, 100.5)).toEqual([['b', 19, 80]]);
  expect(at(2, 0, 100)).toEqual([['a1', 10, 10]]);
});

it('merges what is below a pixel', () => {
  const spans = Array.from({ length: 100_000 }, (_, i) => ({
    id: `s${i}`,
    ...(i > 0 && { parent: 's0' }),
    start: i,
    duration: i === 0 ? 100_000 : 1,
  }));
  const model = buildTrace(compactTrace(spans));
  expect(flameBlocks(model, flameLevels(model), 1, { from: 0, to: 100_000 }, 500).length).toBeLessThan(1100);
});
