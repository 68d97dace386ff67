import { expect, it } from 'vitest';
import { compactTrace } from '../../test/compact-trace';
import { buildTrace, FLAG_LOST, FLAG_RUNNING } from '../../trace/model';
import { isArriving, mayGrow, storedSpans } from './use-growth';

const START_MS = 1_700_000_000_000;
const trace = (flags = 0) =>
  buildTrace(
    compactTrace([
      { id: 'a', duration: 1e9 },
      { id: 'b', parent: 'a', flags },
    ]),
  );

it('takes what is missing for being on its way for ten seconds', () => {
  expect(isArriving(trace(), START_MS + 10_900)).toBe(true);
  expect(isArriving(trace(), START_MS + 11_100)).toBe(false);
});

it('looks for more for two minutes, and while a span runs', () => {
  expect(mayGrow(trace(), START_MS + 120_000)).toBe(true);
  expect(mayGrow(trace(), START_MS + 122_000)).toBe(false);
  expect(mayGrow(trace(FLAG_RUNNING), START_MS + 3_600_000)).toBe(true);
});

it('counts what is stored', () => {
  expect([0, FLAG_RUNNING, FLAG_LOST].map((flags) => storedSpans(trace(flags)))).toEqual([2, 1, 1]);
});
