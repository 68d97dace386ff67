import { colourOf } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import { FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import type { Style } from './paint';
import type { VisibleRows } from './rows';

/** Texts of the rows in the language of the page. */
export type RowTexts = {
  orphans: string;
  error: string;
  unnamed: string;
  collapse: string;
  expand: string;
  errorsInside: (count: number) => string;
  describe: (start: string, duration: string) => string;
  depthAt: (depth: number) => string;
};

/** Class names, handed in so that this file needs no stylesheet. */
export type RowClasses = Record<
  | 'row'
  | 'label'
  | 'twisty'
  | 'leaf'
  | 'swatch'
  | 'striped'
  | 'service'
  | 'name'
  | 'mark'
  | 'depth'
  | 'time'
  | 'hidden'
  | 'active'
  | 'selected'
  | 'failed',
  string
>;

export const INDENT = 14;

/** One recycled row of the span list. Its elements live as long as the list; assign() gives them another span. */
export class RowView {
  readonly element = document.createElement('div');
  row = -1;
  private readonly label = document.createElement('div');
  private readonly time = document.createElement('div');
  private readonly twisty = document.createElement('span');
  private readonly swatch = document.createElement('span');
  private readonly depth = document.createElement('span');
  private readonly service = document.createElement('span');
  private readonly name = document.createElement('span');
  private readonly mark = document.createElement('span');
  private readonly description = document.createElement('span');

  constructor(
    id: string,
    private readonly classes: RowClasses,
  ) {
    this.element.id = id;
    this.element.setAttribute('role', 'row');
    this.label.setAttribute('role', 'gridcell');
    this.time.setAttribute('role', 'gridcell');
    this.twisty.setAttribute('aria-hidden', 'true');
    this.twisty.dataset.twisty = '';
    this.swatch.setAttribute('aria-hidden', 'true');
    this.element.className = classes.row;
    this.label.className = classes.label;
    this.time.className = classes.time;
    this.depth.className = classes.depth;
    this.service.className = classes.service;
    this.name.className = classes.name;
    this.mark.className = classes.mark;
    this.description.className = classes.hidden;
    this.label.append(this.twisty, this.swatch, this.depth, this.service, this.name, this.mark);
    this.time.append(this.description);
    this.element.append(this.label, this.time);
  }

  /** Shows a span. deepest is the indentation beyond which the depth is written instead of drawn. */
  assign(
    model: TraceModel,
    rows: VisibleRows,
    row: number,
    style: Style,
    texts: RowTexts,
    deepest: number,
  ): void {
    const { classes } = this;
    this.row = row;
    const depth = model.depth[row] ?? 0;
    const parent = (model.subtree[row] ?? 1) > 1;
    const collapsed = rows.isCollapsed(row);
    const orphans = ((model.flags[row] ?? 0) & FLAG_ORPHANS) !== 0;
    const service = model.services[model.service[row] ?? -1] ?? '';
    const colour = style.colours.get(service);
    const failed = model.status[row] === STATUS_ERROR;
    const { element } = this;
    element.dataset.row = String(row);
    element.setAttribute('aria-level', String(depth + 1));
    if (parent) element.setAttribute('aria-expanded', String(!collapsed));
    else element.removeAttribute('aria-expanded');
    this.label.style.paddingInlineStart = `${8 + Math.min(depth, deepest) * INDENT}px`;
    this.twisty.className = parent ? classes.twisty : classes.leaf;
    this.twisty.textContent = parent ? (collapsed ? '▸' : '▾') : '';
    this.twisty.title = parent ? (collapsed ? texts.expand : texts.collapse) : '';
    this.swatch.className = colour?.striped ? `${classes.swatch} ${classes.striped}` : classes.swatch;
    this.swatch.style.backgroundColor = orphans ? 'transparent' : colourOf(colour, style.theme);
    this.depth.textContent = depth > deepest ? texts.depthAt(depth + 1) : '';
    this.depth.hidden = depth <= deepest;
    this.service.textContent = service;
    this.service.hidden = orphans;
    const name = orphans ? texts.orphans : model.names[model.name[row] ?? -1] || texts.unnamed;
    this.name.textContent = name;
    this.name.title = orphans ? name : `${service}: ${name}`;
    this.name.classList.toggle(classes.failed, failed);
    const inside = collapsed ? (model.errorsBelow[row] ?? 0) : 0;
    this.mark.hidden = !failed && inside === 0;
    this.mark.textContent = failed ? `⚠ ${texts.error}` : inside > 0 ? `⚠ ${texts.errorsInside(inside)}` : '';
    this.description.textContent = texts.describe(
      formatDuration(model.start[row] ?? 0, style.language),
      formatDuration(model.duration[row] ?? 0, style.language),
    );
  }

  place(position: number, y: number, active: boolean, selected: boolean): void {
    const { element, classes } = this;
    element.hidden = false;
    element.style.transform = `translateY(${y}px)`;
    element.setAttribute('aria-rowindex', String(position + 1));
    element.setAttribute('aria-selected', String(selected));
    element.classList.toggle(classes.active, active);
    element.classList.toggle(classes.selected, selected);
  }

  hide(): void {
    this.row = -1;
    this.element.hidden = true;
  }
}
