import { FLAG_BLOCK, type TraceModel } from './model';
import type { VisibleRows } from './rows';

/** A linked trace of more rows begins folded. */
const OPEN_BLOCK = 30;

const isBlock = (model: TraceModel, row: number) => ((model.flags[row] ?? 0) & FLAG_BLOCK) !== 0;

// Rows of linked traces have no span id of their own.
const keyOf = (model: TraceModel, row: number) =>
  isBlock(model, row) ? `block ${model.traceIds[model.trace[row] ?? 0]}` : (model.id[row] ?? '');

/** Folds the linked traces that would push away what is below them. */
export function foldBlocks(model: TraceModel, rows: VisibleRows): void {
  if (model.traceIds.length < 2) return;
  const large: number[] = [];
  for (let row = 0; row < model.rows; row++)
    if (isBlock(model, row) && (model.subtree[row] ?? 1) > OPEN_BLOCK) large.push(row);
  rows.setCollapsedAll(large, []);
}

/** Folds in a trace what was folded in the one before it, and nothing else that was there. */
export function carryFolds(before: TraceModel, was: VisibleRows, now: TraceModel, rows: VisibleRows): void {
  const folded = new Map<string, boolean>();
  for (let row = 0; row < before.rows; row++) {
    if (was.isCollapsed(row) || isBlock(before, row)) folded.set(keyOf(before, row), was.isCollapsed(row));
  }
  if (folded.size === 0) return;
  const close: number[] = [];
  const open: number[] = [];
  for (let row = 0; row < now.rows; row++) {
    const state = folded.get(keyOf(now, row));
    if (state !== undefined) (state ? close : open).push(row);
  }
  rows.setCollapsedAll(close, open);
}
