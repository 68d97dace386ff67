import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { carryFolds, foldBlocks } from './folds';
import { joinTraces, planJoins } from './join';
import { buildTrace } from './model';
import { VisibleRows } from './rows';

const spans = [
  { id: 'r' },
  { id: 'a', parent: 'r' },
  { id: 'a1', parent: 'a' },
  { id: 'b', parent: 'r' },
  { id: 'b1', parent: 'b' },
];

it('keeps what is folded when the trace is read again with more in it', () => {
  const before = buildTrace(compactTrace(spans));
  const was = new VisibleRows(before);
  was.setCollapsed(before.rowOf.get('b') ?? -1, true);
  const now = buildTrace(compactTrace([{ id: 'r' }, { id: 'new', parent: 'r' }, ...spans.slice(1)]));
  const rows = new VisibleRows(now);
  carryFolds(before, was, now, rows);
  expect([...rows.order.subarray(0, rows.length)].map((row) => now.id[row])).toEqual([
    'r',
    'new',
    'a',
    'a1',
    'b',
  ]);
});

it('folds a linked trace that is large, until the reader opens it', () => {
  const link = { row: 0, traceId: 'other', spanId: 'x0', from: true };
  const base = buildTrace({ ...compactTrace(spans), links: [link] });
  const many = Array.from({ length: 40 }, (_, k) => ({
    id: `x${k}`,
    ...(k > 0 && { parent: 'x0' }),
    name: `n${k}`,
  }));
  const other = buildTrace({ ...compactTrace(many), traceId: 'other' });
  const joined = () => joinTraces(base, planJoins(base, ['r'], () => other).joins, () => other);
  const model = joined();
  const rows = new VisibleRows(model);
  foldBlocks(model, rows);
  expect(rows.length).toBe(6);
  const block = model.id.indexOf('');
  rows.setCollapsed(block, false);
  const again = joined();
  const next = new VisibleRows(again);
  foldBlocks(again, next);
  carryFolds(model, rows, again, next);
  expect(next.length).toBe(46);
});
