import { describe, expect, it } from 'vitest';
import { compactTrace, type FixtureSpan } from '../test/compact-trace';
import { buildTrace } from './model';
import { VisibleRows } from './rows';

const calls = (n: number): FixtureSpan[] =>
  Array.from({ length: n }, (_, i) => [
    { id: `q${i}`, parent: 'root', start: 10 + i * 10, duration: i + 1, name: 'SELECT' },
    { id: `c${i}`, parent: `q${i}`, start: 10 + i * 10, name: `row ${i}` },
  ]).flat();
const spans = [{ id: 'root', duration: 1000 }, { id: 'other', parent: 'root', start: 1 }, ...calls(6)];
const shown = (rows: VisibleRows, model: ReturnType<typeof buildTrace>) =>
  Array.from(rows.order.subarray(0, rows.length), (row) => model.id[row]);

describe('repeated siblings', () => {
  const model = buildTrace(compactTrace(spans));
  it('are one row that says what they took', () => {
    const rows = new VisibleRows(model, { fold: true });
    expect(shown(rows, model)).toEqual(['root', 'other', 'q0']);
    expect(rows.runAt(model.rowOf.get('q0') ?? 0)).toEqual({ calls: 6, totalNs: 21, p95Ns: 6, errors: 0 });
  });
  it('come apart when one of them is looked for, and together again', () => {
    const rows = new VisibleRows(model, { fold: true });
    rows.reveal(model.rowOf.get('c3') ?? 0);
    expect(rows.length).toBe(14);
    const q2 = model.rowOf.get('q2') ?? 0;
    expect(rows.canFold(q2)).toBe(true);
    rows.setFolded(q2, true);
    expect(rows.length).toBe(3);
  });
  it('need at least five', () => {
    const few = buildTrace(compactTrace([{ id: 'root' }, ...calls(4)]));
    expect(new VisibleRows(few, { fold: true }).length).toBe(9);
  });
  it('are found in linear time', () => {
    const many = buildTrace(compactTrace([{ id: 'root' }, ...calls(50_000)]));
    expect(new VisibleRows(many, { fold: true }).length).toBe(2);
  });
});

describe('left out', () => {
  const model = buildTrace(compactTrace(spans));
  it('what is hidden stays as one row that counts it', () => {
    const hidden = new Uint8Array(model.rows);
    for (const id of ['q1', 'q2', 'q3']) hidden[model.rowOf.get(id) ?? 0] = 1;
    const rows = new VisibleRows(model, { fold: false, hidden });
    const q1 = model.rowOf.get('q1') ?? 0;
    expect(rows.prunedAt(q1)).toBe(6);
    expect(rows.length).toBe(14 - 5);
    expect(rows.positionOf(model.rowOf.get('c3') ?? 0)).toBe(rows.positionOf(q1));
  });
});
