import type { TraceModel } from './model';
import type { TimeWindow } from './timescale';

/** Rows by depth, each level by start; level d is rows[first[d]] to rows[first[d+1]-1]. reach is the latest end so far on the level. */
export type FlameLevels = { first: Uint32Array; rows: Uint32Array; reach: Float64Array };

/** Depth-first order with children by start is not by start within a level, so each level is sorted. */
export function flameLevels(model: TraceModel): FlameLevels {
  const first = new Uint32Array(model.depthMax + 1);
  for (const d of model.depth) first[d + 1] = (first[d + 1] ?? 0) + 1;
  for (let d = 0; d < model.depthMax; d++) first[d + 1] = (first[d + 1] ?? 0) + (first[d] ?? 0);
  const next = first.slice();
  const rows = new Uint32Array(model.rows);
  for (let row = 0; row < model.rows; row++) {
    const d = model.depth[row] ?? 0;
    rows[next[d] ?? 0] = row;
    next[d] = (next[d] ?? 0) + 1;
  }
  const reach = new Float64Array(model.rows);
  for (let d = 0; d < model.depthMax; d++) {
    const [a, b] = [first[d] ?? 0, first[d + 1] ?? 0];
    rows.subarray(a, b).sort((x, y) => (model.start[x] ?? 0) - (model.start[y] ?? 0));
    let latest = 0;
    for (let k = a; k < b; k++) {
      const row = rows[k] ?? 0;
      latest = Math.max(latest, (model.start[row] ?? 0) + (model.duration[row] ?? 0));
      reach[k] = latest;
    }
  }
  return { first, rows, reach };
}

/** Where an instant stands in pixels, idle times drawn short where the window has a scale. */
export function placer({ from, to, scale }: TimeWindow, width: number): (ns: number) => number {
  if (!scale) {
    const perNs = width / (to - from);
    return (ns) => (ns - from) * perNs;
  }
  const first = scale.toShown(from);
  const perNs = width / (scale.toShown(to) - first);
  return (ns) => (scale.toShown(ns) - first) * perNs;
}

/** A block to draw: left and width in pixels. row is the span, or the longest of those that share the pixel. */
export type Block = { row: number; left: number; width: number; merged: boolean };

/** The blocks of one level within a window; what is below a pixel is merged with its neighbours. */
export function flameBlocks(
  model: TraceModel,
  { first, rows, reach }: FlameLevels,
  depth: number,
  window: TimeWindow,
  width: number,
): Block[] {
  const [low, high] = [first[depth] ?? 0, first[depth + 1] ?? 0];
  const place = placer(window, width);
  const blocks: Block[] = [];
  // The first that reaches into the window: ends so far only rise.
  let [a, b] = [low, high];
  while (a < b) {
    const middle = (a + b) >> 1;
    if ((reach[middle] ?? 0) >= window.from) b = middle;
    else a = middle + 1;
  }
  for (let k = a; k < high; k++) {
    const row = rows[k] ?? 0;
    const start = model.start[row] ?? 0;
    if (start > window.to) break;
    const left = place(start);
    const size = place(start + (model.duration[row] ?? 0)) - left;
    if (left + size < 0) continue;
    const last = blocks.at(-1);
    if (size < 1 && last && left - last.left < 1 && last.width <= 1) {
      last.merged = true;
      if ((model.duration[row] ?? 0) > (model.duration[last.row] ?? 0) || model.status[row] === 2)
        last.row = row;
      continue;
    }
    blocks.push({ row, left, width: Math.max(1, size), merged: false });
  }
  return blocks;
}
