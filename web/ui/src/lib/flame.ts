/** A call stack tree as the API has it. Values are its own and its children's. */
export type StackNode = {
  name: string;
  file?: string;
  value: number;
  self: number;
  children?: readonly StackNode[];
};

/**
 * A flame graph as columns in depth-first order, callers before what they call. Frame 0 is the root; a frame's subtree is
 * the rows from it to end. start is where it begins on the value axis of the root.
 */
export type Flame = {
  count: number;
  nodes: readonly StackNode[];
  parent: Int32Array;
  depth: Uint16Array;
  start: Float64Array;
  value: Float64Array;
  end: Uint32Array;
  /** Position among its siblings, of which a frame's path is made. */
  order: Uint32Array;
  levels: number;
};

/** Lays a tree out. No recursion: stacks may be as deep as programs make them. */
export function layoutFlame(root: StackNode): Flame {
  const nodes: StackNode[] = [];
  const parent: number[] = [];
  const order: number[] = [];
  const stack: { node: StackNode; parent: number; order: number }[] = [{ node: root, parent: -1, order: 0 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const row = nodes.push(next.node) - 1;
    parent.push(next.parent);
    order.push(next.order);
    const children = next.node.children ?? [];
    for (let i = children.length - 1; i >= 0; i--) {
      const node = children[i];
      if (node) stack.push({ node, parent: row, order: i });
    }
  }
  const count = nodes.length;
  const depth = new Uint16Array(count);
  const start = new Float64Array(count);
  const value = new Float64Array(count);
  const end = new Uint32Array(count);
  // Where a frame's next child begins.
  const cursor = new Float64Array(count);
  let levels = 1;
  for (let row = 0; row < count; row++) {
    const up = parent[row] ?? -1;
    value[row] = nodes[row]?.value ?? 0;
    end[row] = row + 1;
    if (up >= 0) {
      depth[row] = (depth[up] ?? 0) + 1;
      start[row] = cursor[up] ?? 0;
      cursor[up] = (start[row] ?? 0) + (value[row] ?? 0);
    }
    cursor[row] = start[row] ?? 0;
    levels = Math.max(levels, (depth[row] ?? 0) + 1);
  }
  for (let row = count - 1; row > 0; row--) {
    const up = parent[row] ?? 0;
    end[up] = Math.max(end[up] ?? 0, end[row] ?? 0);
  }
  return {
    count,
    nodes,
    parent: Int32Array.from(parent),
    depth,
    start,
    value,
    end,
    order: Uint32Array.from(order),
    levels,
  };
}

/** The frames from the root down to row, with it. */
export function stackOf(flame: Flame, row: number): number[] {
  const rows: number[] = [];
  for (let at = row; at >= 0; at = flame.parent[at] ?? -1) rows.push(at);
  return rows.reverse();
}

/** A frame's place in the tree as an address has it: positions among siblings from the root's children down. */
export const pathOf = (flame: Flame, row: number): string =>
  stackOf(flame, row)
    .slice(1)
    .map((at) => flame.order[at])
    .join('.');

/** The frame that a path means; as much of it as there is. The empty path is the root. */
export function rowAt(flame: Flame, path: string): number {
  let row = 0;
  if (path === '') return row;
  for (const step of path.split('.').map(Number)) {
    let child = row + 1;
    const stop = flame.end[row] ?? 0;
    while (child < stop && flame.order[child] !== step) child = flame.end[child] ?? stop;
    if (child >= stop) return row;
    row = child;
  }
  return row;
}

/** A frame as drawn: from x to x + width as shares of the focused frame's width, on a line. */
export type Box = { row: number; line: number; x: number; width: number };

/**
 * What is drawn when zoomed to a frame: its callers over the whole width, and below it all that is at least least wide, a
 * share of the whole. Subtrees of narrower frames are skipped without looking at them.
 */
export function boxes(flame: Flame, focus: number, least: number): Box[] {
  const result: Box[] = stackOf(flame, focus).map((row) => ({
    row,
    line: flame.depth[row] ?? 0,
    x: 0,
    width: 1,
  }));
  const from = flame.start[focus] ?? 0;
  const span = flame.value[focus] || 1;
  const stop = flame.end[focus] ?? 0;
  for (let row = focus + 1; row < stop; ) {
    const width = (flame.value[row] ?? 0) / span;
    if (width < least) {
      row = flame.end[row] ?? stop;
      continue;
    }
    result.push({ row, line: flame.depth[row] ?? 0, x: ((flame.start[row] ?? 0) - from) / span, width });
    row++;
  }
  return result;
}

/** The frame at a share of the width on a line; undefined where none is drawn. */
export function frameAt(drawn: readonly Box[], x: number, line: number): Box | undefined {
  return drawn.find((box) => box.line === line && x >= box.x && x < box.x + box.width);
}

/** What one function costs, wherever it is called from. */
export type FunctionCost = { name: string; file: string; self: number; total: number; row: number };

/** Adds frames up by function, the dearest first. A function that calls itself counts once in its total. row is its widest frame. */
export function costs(flame: Flame): FunctionCost[] {
  const found = new Map<string, FunctionCost>();
  // How often a function is on the stack at the moment; what ends before a row is taken off first.
  const open = new Map<string, number>();
  const stack: { key: string; end: number }[] = [];
  for (let row = 1; row < flame.count; row++) {
    for (let top = stack.at(-1); top && top.end <= row; top = stack.at(-1)) {
      open.set(top.key, (open.get(top.key) ?? 1) - 1);
      stack.pop();
    }
    const node = flame.nodes[row];
    if (!node) continue;
    const key = `${node.file ?? ''}\n${node.name}`;
    const cost = found.get(key) ?? { name: node.name, file: node.file ?? '', self: 0, total: 0, row };
    cost.self += node.self;
    if (!open.get(key)) cost.total += node.value;
    if (node.value > (flame.value[cost.row] ?? 0)) cost.row = row;
    found.set(key, cost);
    open.set(key, (open.get(key) ?? 0) + 1);
    stack.push({ key, end: flame.end[row] ?? 0 });
  }
  return [...found.values()].sort((a, b) => b.self - a.self || b.total - a.total);
}

/** The neighbour of a frame for the arrow keys; the frame itself when there is none. */
export function step(flame: Flame, row: number, key: string): number {
  const up = flame.parent[row] ?? -1;
  switch (key) {
    case 'ArrowUp':
      return Math.max(0, up);
    case 'ArrowDown':
      return (flame.end[row] ?? 0) > row + 1 ? row + 1 : row;
    case 'ArrowRight': {
      const next = flame.end[row] ?? 0;
      return up >= 0 && next < (flame.end[up] ?? 0) ? next : row;
    }
    case 'ArrowLeft': {
      let before = row;
      for (let at = up + 1; up >= 0 && at < row; at = flame.end[at] ?? row) before = at;
      return before;
    }
    default:
      return row;
  }
}
