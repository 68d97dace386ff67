import type { TraceModel } from './model';

/** Which rows of a trace are on show, given what is collapsed. One pass, skipping whole subtrees. */
export class VisibleRows {
  /** Visible position to row; only the first length entries count. */
  readonly order: Uint32Array;
  length = 0;
  private readonly collapsed: Uint8Array;
  private readonly position: Int32Array;

  constructor(private readonly model: TraceModel) {
    this.order = new Uint32Array(model.rows);
    this.collapsed = new Uint8Array(model.rows);
    this.position = new Int32Array(model.rows);
    this.update();
  }

  isCollapsed(row: number): boolean {
    return this.collapsed[row] === 1;
  }

  /** The position of a row, or -1 while an ancestor hides it. */
  positionOf(row: number): number {
    return this.position[row] ?? -1;
  }

  setCollapsed(row: number, collapsed: boolean): void {
    if ((this.model.subtree[row] ?? 1) < 2) return;
    this.collapsed[row] = collapsed ? 1 : 0;
    this.update();
  }

  /** Collapses every row that has children and lies at depth or below; shows all for Infinity. */
  collapseFrom(depth: number): void {
    for (let row = 0; row < this.model.rows; row++) {
      const parent = (this.model.subtree[row] ?? 1) > 1;
      this.collapsed[row] = parent && (this.model.depth[row] ?? 0) >= depth ? 1 : 0;
    }
    this.update();
  }

  /** Opens every ancestor of row. */
  reveal(row: number): void {
    let changed = false;
    for (let p = this.model.parent[row] ?? -1; p >= 0; p = this.model.parent[p] ?? -1) {
      if (this.collapsed[p]) {
        this.collapsed[p] = 0;
        changed = true;
      }
    }
    if (changed) this.update();
  }

  private update(): void {
    this.position.fill(-1);
    let length = 0;
    for (let row = 0; row < this.model.rows; ) {
      this.position[row] = length;
      this.order[length++] = row;
      row += this.collapsed[row] ? (this.model.subtree[row] ?? 1) : 1;
    }
    this.length = length;
  }
}
