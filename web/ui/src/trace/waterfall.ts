import { carryFolds, foldBlocks } from './folds';
import { FLAG_BLOCK, type TraceModel } from './model';
import { type Overlay, PLAIN } from './overlay';
import { PADDING, paintBar, prepare, type Style, toNs } from './paint';
import { paintAxis, paintGrid } from './paint-axis';
import { paintWait } from './paint-marks';
import { paintGaps, paintPath, paintRun } from './paint-overlay';
import { INDENT, type RowClasses, type RowTexts, RowView } from './row-view';
import { VisibleRows } from './rows';
import { clampWindow, type TimeWindow } from './timescale';
import { waitText } from './wait-text';
import { handleKey } from './waterfall-keys';

export const ROW_HEIGHT = 28;
// Chromium lays out nothing beyond 16.7 million pixels; longer lists scroll faster instead.
const TALLEST = 15_000_000;
const SPARE_ROWS = 2;

export type WaterfallEvents = {
  /** A row was opened or closed by the user; -1 closes. follow: by moving while one was open. */
  select: (row: number, follow: boolean) => void;
  window: (window: TimeWindow) => void;
  /** The traces that a span is linked with are to be shown below it, or no more. */
  hop: (row: number) => void;
};

export type WaterfallParts = {
  /** role=treegrid, the one scroller. */
  grid: HTMLElement;
  axis: HTMLCanvasElement;
};

/**
 * The span list: labels are recycled rows, bars are one canvas, both inside a sticky layer of one native scroller and
 * painted in the same frame, so they cannot drift apart. Its cost depends on the rows in view, not on the trace.
 */
export class Waterfall {
  readonly rows: VisibleRows;
  active = 0;
  selected = -1;
  window: TimeWindow;
  private readonly content = document.createElement('div');
  private readonly layer = document.createElement('div');
  private readonly canvas = document.createElement('canvas');
  private readonly pool: RowView[] = [];
  private readonly resize: ResizeObserver;
  private readonly abort = new AbortController();
  private frame = 0;
  private stale = true;
  private labelWidth = 0;
  private lastOffset = 0;
  private overlay: Overlay = PLAIN;
  private gapNames: readonly string[] = [];

  constructor(
    readonly model: TraceModel,
    private readonly parts: WaterfallParts,
    private readonly classes: RowClasses,
    readonly events: WaterfallEvents,
    private style: Style,
    private texts: RowTexts,
  ) {
    this.rows = new VisibleRows(model);
    foldBlocks(model, this.rows);
    this.window = clampWindow({ from: 0, to: model.durationNs }, model.durationNs);
    this.content.style.position = 'relative';
    Object.assign(this.layer.style, { position: 'sticky', top: '0', overflow: 'hidden' });
    Object.assign(this.canvas.style, { position: 'absolute', top: '0', pointerEvents: 'none' });
    this.canvas.setAttribute('aria-hidden', 'true');
    // Between the treegrid and its rows only neutral elements may stand.
    this.content.setAttribute('role', 'presentation');
    this.layer.setAttribute('role', 'presentation');
    this.layer.append(this.canvas);
    this.content.append(this.layer);
    parts.grid.append(this.content);
    const { signal } = this.abort;
    parts.grid.addEventListener('scroll', this.schedule, { signal, passive: true });
    parts.grid.addEventListener('click', this.onClick, { signal });
    parts.grid.addEventListener('keydown', (event) => handleKey(this, event), { signal });
    parts.grid.addEventListener('wheel', this.onWheel, { signal, passive: false });
    this.resize = new ResizeObserver(this.schedule);
    this.resize.observe(parts.grid);
    this.schedule();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.abort.abort();
    this.resize.disconnect();
    this.content.remove();
  }

  /** Takes over what was folded and where the list stood, by the ids of spans: the trace has grown, or others have joined it. */
  adopt(previous: Waterfall): void {
    carryFolds(previous.model, previous.rows, this.model, this.rows);
    const { model } = previous;
    for (let row = previous.active; row >= 0; row = model.parent[row] ?? -1) {
      const now = this.model.rowOf.get(model.id[row] ?? '');
      if (now === undefined) continue;
      this.active = now;
      while (this.rows.positionOf(this.active) < 0) this.active = this.upFrom(this.active);
      // The active row stays at its height.
      const height = previous.rows.positionOf(row) * ROW_HEIGHT - previous.lastOffset;
      this.scrollTo(this.rows.positionOf(this.active) * ROW_HEIGHT - height);
      break;
    }
    this.refresh();
  }

  setStyle(style: Style, texts: RowTexts): void {
    this.style = style;
    this.texts = texts;
    this.refresh();
  }

  setLabelWidth(px: number): void {
    this.labelWidth = px;
    this.refresh();
  }

  setWindow(window: TimeWindow): void {
    this.window = { ...clampWindow(window, this.model.durationNs), scale: this.overlay.scale };
    this.schedule();
  }

  /** What to draw on the spans and what to leave out of them; gapNames say what each gap of its scale waited for. */
  setOverlay(overlay: Overlay, gapNames: readonly string[]): void {
    const rules = overlay.hidden !== this.overlay.hidden || overlay.fold !== this.overlay.fold;
    this.overlay = overlay;
    this.gapNames = gapNames;
    if (rules) {
      this.rows.setRules(overlay);
      if (this.selected >= 0) this.rows.reveal(this.selected);
      while (this.rows.positionOf(this.active) < 0) this.active = this.upFrom(this.active);
    }
    this.setWindow(this.window);
    this.refresh();
  }

  // A row that stands for a run has its place; a member that is folded into it has not.
  private upFrom(row: number): number {
    const head = this.rows.repeats.head[row] ?? -1;
    if (head >= 0 && head !== row && this.rows.positionOf(head) >= 0) return head;
    return this.model.parent[row] ?? 0;
  }

  /** Opens or closes a row, which may stand for a run of repeated ones. */
  toggle(row: number, open: boolean): void {
    if (open && this.rows.runAt(row)) this.rows.setFolded(row, false);
    else if (!open && (this.model.subtree[row] ?? 1) < 2 && this.rows.canFold(row)) {
      this.rows.setFolded(row, true);
      this.active = this.rows.repeats.head[row] ?? row;
    } else this.rows.setCollapsed(row, !open);
    this.refresh();
  }

  /** Shows row as selected, opening what hides it and scrolling when it is out of view; -1 for none. */
  setSelected(row: number): void {
    this.selected = row;
    if (row >= 0) this.moveTo(row);
    this.refresh();
  }

  moveTo(row: number): void {
    this.rows.reveal(row);
    this.active = row;
    const { grid } = this.parts;
    const y = this.rows.positionOf(row) * ROW_HEIGHT;
    const top = this.offset();
    const height = grid.clientHeight;
    if (y < top) this.scrollTo(y - ROW_HEIGHT);
    else if (y + ROW_HEIGHT > top + height) this.scrollTo(y - height + 2 * ROW_HEIGHT);
    this.refresh();
  }

  collapseFrom(depth: number): void {
    this.rows.collapseFrom(depth);
    while (this.rows.positionOf(this.active) < 0) this.active = this.upFrom(this.active);
    this.moveTo(this.active);
  }

  pageRows(): number {
    return Math.max(1, Math.floor(this.parts.grid.clientHeight / ROW_HEIGHT) - 1);
  }

  private refresh(): void {
    this.stale = true;
    this.schedule();
  }

  private readonly schedule = (): void => {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.paint);
  };

  // List pixels per scrolled pixel; 1 unless the list is taller than a browser can lay out.
  private scale(): number {
    const total = this.rows.length * ROW_HEIGHT;
    const room = this.parts.grid.clientHeight;
    return total <= TALLEST ? 1 : (total - room) / Math.max(1, TALLEST - room);
  }

  private offset(): number {
    return this.parts.grid.scrollTop * this.scale();
  }

  private scrollTo(y: number): void {
    // The content must have its height before it can be scrolled that far.
    this.content.style.height = `${Math.min(TALLEST, this.rows.length * ROW_HEIGHT)}px`;
    this.parts.grid.scrollTop = Math.max(0, y) / this.scale();
  }

  private readonly paint = (): void => {
    this.frame = 0;
    const { grid } = this.parts;
    const [width, height] = [grid.clientWidth, grid.clientHeight];
    if (width === 0 || height === 0) return;
    this.content.style.height = `${Math.max(height, Math.min(TALLEST, this.rows.length * ROW_HEIGHT))}px`;
    this.layer.style.height = `${height}px`;
    this.grow(Math.ceil(height / ROW_HEIGHT) + SPARE_ROWS);
    const offset = this.offset();
    this.lastOffset = offset;
    const first = Math.floor(offset / ROW_HEIGHT);
    const left = Math.min(this.labelWidth, width);
    this.canvas.style.left = `${left}px`;
    const context = prepare(this.canvas, width - left, height);
    if (context) {
      paintGrid(context, width - left, height, this.window, this.style);
      context.font = this.style.font;
      context.textBaseline = 'middle';
      paintGaps(context, this.gapNames, width - left, height, this.window, this.style);
    }
    const deepest = Math.max(2, Math.floor((this.labelWidth - 190) / INDENT));
    for (let k = 0; k < this.pool.length; k++) {
      const position = first + k;
      const view = this.pool[position % this.pool.length];
      const row = position < this.rows.length ? (this.rows.order[position] ?? -1) : -1;
      if (!view) continue;
      if (row < 0) {
        view.hide();
        continue;
      }
      if (this.stale || view.row !== row)
        view.assign(this.model, this.rows, row, this.style, this.texts, deepest, this.overlay);
      const y = position * ROW_HEIGHT - offset;
      view.place(position, y, row === this.active, row === this.selected);
      if (context) this.paintRow(context, row, y + ROW_HEIGHT / 2, width - left);
    }
    this.stale = false;
    this.announce(grid);
    paintAxis(
      this.parts.axis,
      width - left,
      this.parts.axis.clientHeight || ROW_HEIGHT,
      this.window,
      this.style,
    );
  };

  private paintRow(context: CanvasRenderingContext2D, row: number, middle: number, width: number): void {
    const { model, window, style, overlay } = this;
    if (this.rows.prunedAt(row) > 0) return;
    if (this.rows.runAt(row)) {
      paintRun(context, model, this.rows.repeats, row, middle, width, window, style);
      return;
    }
    const sent = model.waits.get(row);
    if (sent !== undefined)
      paintWait(
        context,
        sent,
        model.start[row] ?? 0,
        waitText(model, row, sent, style, this.texts),
        middle,
        width,
        window,
        style,
      );
    paintBar(context, model, row, middle, width, window, style, this.rows.isCollapsed(row));
    if (overlay.path) paintPath(context, overlay.path, row, middle, width, window, style);
  }

  private announce(grid: HTMLElement): void {
    grid.setAttribute('aria-rowcount', String(this.rows.length));
    const view = this.pool.find((v) => v.row === this.active && !v.element.hidden);
    if (view) grid.setAttribute('aria-activedescendant', view.element.id);
    else grid.removeAttribute('aria-activedescendant');
  }

  private grow(size: number): void {
    if (this.pool.length >= size) return;
    while (this.pool.length < size) {
      const view = new RowView(`span-row-${this.pool.length}`, this.classes);
      this.pool.push(view);
      this.layer.append(view.element);
    }
    this.layer.append(this.canvas);
    // Which element serves a position depends on the size of the pool.
    for (const view of this.pool) view.row = -1;
  }

  private readonly onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const element = target.closest<HTMLElement>('[data-row]');
    if (!element) return;
    const row = Number(element.dataset.row);
    this.active = row;
    const run = this.rows.runAt(row) !== undefined;
    if (target.dataset.twisty !== undefined && (run || (this.model.subtree[row] ?? 1) > 1)) {
      this.toggle(row, run || this.rows.isCollapsed(row));
      return;
    }
    if (target.closest('[data-hop]')) {
      this.refresh();
      this.events.hop(row);
      return;
    }
    if ((this.model.flags[row] ?? 0) & FLAG_BLOCK) this.toggle(row, this.rows.isCollapsed(row));
    else this.events.select(row === this.selected ? -1 : row, false);
    this.refresh();
  };

  private readonly onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    if (box.width <= 2 * PADDING) return;
    const pivot = toNs(event.clientX - box.left, this.window, box.width);
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    const from = pivot - (pivot - this.window.from) * factor;
    const to = from + (this.window.to - this.window.from) * factor;
    this.events.window(clampWindow({ from, to }, this.model.durationNs));
  };
}
