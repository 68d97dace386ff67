import { describe, expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { buildTrace, FLAG_CYCLE_CUT, FLAG_ORPHANS, FLAG_PARENT_MISSING } from './model';
import { VisibleRows } from './rows';

const shape = (spans: Parameters<typeof compactTrace>[0]) => {
  const model = buildTrace(compactTrace(spans));
  return model.id.map((id, row) => `${'  '.repeat(model.depth[row] ?? 0)}${id || '(orphans)'}`);
};

describe('buildTrace', () => {
  it('orders children by start, whatever the order of arrival', () => {
    expect(
      shape([
        { id: 'late', parent: 'root', start: 30 },
        { id: 'leaf', parent: 'early', start: 20 },
        { id: 'root', start: 0 },
        { id: 'early', parent: 'root', start: 10 },
      ]),
    ).toEqual(['root', '  early', '    leaf', '  late']);
  });

  it('keeps several roots', () => {
    expect(
      shape([
        { id: 'b', start: 5 },
        { id: 'a', start: 1 },
        { id: 'c', parent: 'b', start: 6 },
      ]),
    ).toEqual(['a', 'b', '  c']);
  });

  it('puts spans without a stored parent below one labelled row that covers them', () => {
    const spans = [
      { id: 'root', start: 0, duration: 100 },
      { id: 'x', start: 20, duration: 10, flags: FLAG_PARENT_MISSING },
      { id: 'y', start: 40, duration: 30, flags: FLAG_PARENT_MISSING },
      { id: 'z', parent: 'y', start: 50, duration: 5 },
    ];
    expect(shape(spans)).toEqual(['root', '(orphans)', '  x', '  y', '    z']);
    const model = buildTrace(compactTrace(spans));
    expect(model.flags[1]).toBe(FLAG_ORPHANS);
    expect([model.start[1], model.duration[1]]).toEqual([20, 50]);
    expect([model.spans, model.rows, model.orphans]).toEqual([4, 5, 2]);
    expect(model.rowOf.get('x')).toBe(2);
  });

  it('cuts cycles at their earliest span and loses nobody', () => {
    const spans = [
      { id: 'a', parent: 'c', start: 3 },
      { id: 'b', parent: 'a', start: 1 },
      { id: 'c', parent: 'b', start: 2 },
      { id: 'self', parent: 'self', start: 9 },
    ];
    expect(shape(spans)).toEqual(['self', 'b', '  c', '    a']);
    const model = buildTrace(compactTrace(spans));
    expect(model.flags[model.rowOf.get('b') ?? 0]).toBe(FLAG_CYCLE_CUT);
  });

  it('counts subtrees and the errors a collapsed row hides', () => {
    const model = buildTrace(
      compactTrace([
        { id: 'root' },
        { id: 'a', parent: 'root', start: 1, error: true },
        { id: 'b', parent: 'a', start: 2, error: true },
        { id: 'c', parent: 'root', start: 3 },
      ]),
    );
    expect([...model.subtree]).toEqual([4, 2, 1, 1]);
    expect([...model.errorsBelow]).toEqual([2, 1, 0, 0]);
    expect(model.errors).toBe(2);
  });

  it('refuses columns of different length', () => {
    const compact = compactTrace([{ id: 'a' }]);
    compact.spans.start.push(1);
    expect(() => buildTrace(compact)).toThrow('column start has 2 rows, id has 1');
  });

  it('opens a chain of 20,000 and a fan of 100,000', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => ({
      id: `c${i}`,
      ...(i > 0 && { parent: `c${i - 1}` }),
      start: i,
    }));
    expect(buildTrace(compactTrace(chain)).depthMax).toBe(20_000);
    const fan = Array.from({ length: 100_000 }, (_, i) => ({
      id: `f${i}`,
      ...(i > 0 && { parent: 'f0' }),
      start: i,
    }));
    const model = buildTrace(compactTrace(fan));
    expect([model.rows, model.subtree[0], model.depthMax]).toEqual([100_000, 100_000, 2]);
  });
});

describe('VisibleRows', () => {
  const model = buildTrace(
    compactTrace([
      { id: 'root' },
      { id: 'a', parent: 'root', start: 1 },
      { id: 'a1', parent: 'a', start: 2 },
      { id: 'b', parent: 'root', start: 3 },
    ]),
  );
  const ids = (rows: VisibleRows) => Array.from(rows.order.subarray(0, rows.length), (r) => model.id[r]);

  it('hides and reveals subtrees', () => {
    const rows = new VisibleRows(model);
    rows.setCollapsed(1, true);
    expect(ids(rows)).toEqual(['root', 'a', 'b']);
    expect(rows.positionOf(2)).toBe(-1);
    rows.setCollapsed(0, true);
    expect(ids(rows)).toEqual(['root']);
    rows.reveal(2);
    expect(ids(rows)).toEqual(['root', 'a', 'a1', 'b']);
    rows.collapseFrom(1);
    expect(ids(rows)).toEqual(['root', 'a', 'b']);
    rows.collapseFrom(Number.POSITIVE_INFINITY);
    expect(rows.length).toBe(4);
  });

  it('does not collapse a leaf', () => {
    const rows = new VisibleRows(model);
    rows.setCollapsed(2, true);
    expect(rows.isCollapsed(2)).toBe(false);
  });
});
