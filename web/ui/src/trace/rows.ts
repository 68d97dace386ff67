import type { TraceModel } from './model';
import { findRepeats, type Repeats, type RunFacts, runFacts } from './repeats';

/** What the reader wants left out, or as one. hidden is 1 at rows that are not wanted, with all below them. */
export type RowRules = { hidden?: Uint8Array | undefined; fold: boolean };

/** Which rows of a trace are on show, given what is collapsed, folded and left out. One pass, skipping whole subtrees. */
export class VisibleRows {
  /** Visible position to row; only the first length entries count. */
  readonly order: Uint32Array;
  length = 0;
  readonly repeats: Repeats;
  private readonly collapsed: Uint8Array;
  private readonly position: Int32Array;
  /** Heads of runs that are shown member by member. */
  private readonly unfolded = new Set<number>();
  private readonly facts = new Map<number, RunFacts>();
  /** Spans left out at a row that stands for them. */
  private pruned = new Map<number, number>();
  private rules: RowRules;

  constructor(
    private readonly model: TraceModel,
    rules: RowRules = { fold: false },
  ) {
    this.order = new Uint32Array(model.rows);
    this.collapsed = new Uint8Array(model.rows);
    this.position = new Int32Array(model.rows);
    this.repeats = findRepeats(model);
    this.rules = rules;
    this.update();
  }

  setRules(rules: RowRules): void {
    if (rules.fold !== this.rules.fold) this.unfolded.clear();
    this.rules = rules;
    this.update();
  }

  isCollapsed(row: number): boolean {
    return this.collapsed[row] === 1;
  }

  /** How many spans a row stands for that are left out; 0 for a row that is itself. */
  prunedAt(row: number): number {
    return this.pruned.get(row) ?? 0;
  }

  /** What a row that stands for a run of repeated siblings says; undefined for a row that is itself. */
  runAt(row: number): RunFacts | undefined {
    if (!this.isFolded(row)) return undefined;
    const known = this.facts.get(row) ?? runFacts(this.model, this.repeats, row);
    this.facts.set(row, known);
    return known;
  }

  private isFolded(row: number): boolean {
    return (
      this.rules.fold && this.repeats.head[row] === row && !this.unfolded.has(row) && !this.pruned.has(row)
    );
  }

  /** Shows the members of the run that row heads, or makes the run that row is in one row again. */
  setFolded(row: number, folded: boolean): void {
    const head = this.repeats.head[row] ?? -1;
    if (head < 0) return;
    if (folded) this.unfolded.delete(head);
    else this.unfolded.add(head);
    this.update();
  }

  /** Whether a row is one of a run that is shown member by member; then it can be folded again. */
  canFold(row: number): boolean {
    const head = this.repeats.head[row] ?? -1;
    return this.rules.fold && head >= 0 && this.unfolded.has(head);
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

  /** Collapses some rows and opens others, in one pass. */
  setCollapsedAll(close: readonly number[], open: readonly number[]): void {
    if (close.length + open.length === 0) return;
    for (const row of close) this.collapsed[row] = (this.model.subtree[row] ?? 1) > 1 ? 1 : 0;
    for (const row of open) this.collapsed[row] = 0;
    this.update();
  }

  /** Collapses every row that has children and lies at depth or below; shows all for Infinity. */
  collapseFrom(depth: number): void {
    for (let row = 0; row < this.model.rows; row++) {
      const parent = (this.model.subtree[row] ?? 1) > 1;
      this.collapsed[row] = parent && (this.model.depth[row] ?? 0) >= depth ? 1 : 0;
    }
    if (Number.isFinite(depth)) this.unfolded.clear();
    this.update();
  }

  /** Opens every ancestor of row, and the runs that they and row are folded into. */
  reveal(row: number): void {
    let changed = this.unfold(row);
    for (let p = this.model.parent[row] ?? -1; p >= 0; p = this.model.parent[p] ?? -1) {
      if (this.unfold(p) || this.collapsed[p]) {
        this.collapsed[p] = 0;
        changed = true;
      }
    }
    if (changed) this.update();
  }

  // The head of a run is on show as the run itself, unless something below it is looked for.
  private unfold(row: number): boolean {
    const head = this.repeats.head[row] ?? -1;
    if (!this.rules.fold || head < 0 || head === row || this.unfolded.has(head)) return false;
    this.unfolded.add(head);
    return true;
  }

  private update(): void {
    const { rows, subtree, parent } = this.model;
    const { hidden } = this.rules;
    this.position.fill(-1);
    this.pruned = new Map();
    let length = 0;
    // The last row that stands for what is left out, and where what it stands for ends.
    let stand = -1;
    let standEnd = -1;
    for (let row = 0; row < rows; ) {
      const size = subtree[row] ?? 1;
      if (hidden?.[row]) {
        if (standEnd !== row || parent[stand] !== parent[row]) {
          stand = row;
          this.order[length++] = row;
        }
        this.pruned.set(stand, (this.pruned.get(stand) ?? 0) + size);
        this.position.fill(length - 1, row, row + size);
        row += size;
        standEnd = row;
        continue;
      }
      this.position[row] = length;
      this.order[length++] = row;
      if (this.isFolded(row)) row = this.repeats.end[row] ?? row + size;
      else row += this.collapsed[row] ? size : 1;
    }
    this.length = length;
  }
}
