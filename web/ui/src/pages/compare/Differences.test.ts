import { expect, it } from 'vitest';
import type { Difference } from '../../api/trace';
import { treeOrder } from './Differences';

const entry = (id: number, parent: number) => ({ id, parent }) as Difference;

it('puts entries in the order of calls, whatever the order of the answer, and loses none', () => {
  const items = [entry(4, 1), entry(2, 0), entry(0, -1), entry(3, 1), entry(1, 0), entry(9, 7)];
  expect(treeOrder(items).map((d) => d.id)).toEqual([0, 1, 3, 4, 2, 9]);
});

it('takes a chain of 20,000', () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => entry(i, i - 1));
  expect(treeOrder(chain).length).toBe(20_000);
});
