import { colourOf } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import { FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import type { Overlay } from './overlay';
import type { Style } from './paint';
import { type IconName, iconElement } from './row-icons';
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
  pruned: (count: number) => string;
  run: (calls: number, total: string, p95: string) => string;
  critical: string;
  icon: Record<IconName, string>;
  events: (count: number) => string;
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
  | 'failed'
  | 'icons'
  | 'run'
  | 'pruned'
  | 'match',
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
  private readonly icons = document.createElement('span');
  private readonly run = document.createElement('span');
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
    this.icons.className = classes.icons;
    this.run.className = classes.run;
    this.description.className = classes.hidden;
    this.label.append(
      this.twisty,
      this.swatch,
      this.depth,
      this.service,
      this.name,
      this.run,
      this.icons,
      this.mark,
    );
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
    overlay: Overlay,
  ): void {
    const { classes } = this;
    this.row = row;
    const depth = model.depth[row] ?? 0;
    const run = rows.runAt(row);
    const pruned = rows.prunedAt(row);
    const parent = (model.subtree[row] ?? 1) > 1 || run !== undefined;
    const collapsed = rows.isCollapsed(row) || run !== undefined;
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
    element.classList.toggle(classes.pruned, pruned > 0);
    element.classList.toggle(classes.match, overlay.matches?.[row] === 1);
    if (pruned > 0) {
      this.twisty.className = classes.leaf;
      this.twisty.textContent = '';
      this.twisty.title = '';
      element.removeAttribute('aria-expanded');
      this.service.hidden = true;
      this.swatch.style.backgroundColor = 'transparent';
      this.name.textContent = texts.pruned(pruned);
      this.name.title = '';
      this.name.classList.remove(classes.failed);
    }
    this.run.hidden = run === undefined;
    if (run)
      this.run.textContent = texts.run(
        run.calls,
        formatDuration(run.totalNs, style.language),
        formatDuration(run.p95Ns, style.language),
      );
    this.assignIcons(model, row, texts, overlay, pruned > 0);
    const inside = run ? run.errors : collapsed || pruned > 0 ? (model.errorsBelow[row] ?? 0) : 0;
    const own = failed && !run && pruned === 0;
    this.mark.hidden = !own && inside === 0;
    this.mark.textContent = own ? `⚠ ${texts.error}` : inside > 0 ? `⚠ ${texts.errorsInside(inside)}` : '';
    this.description.textContent = texts.describe(
      formatDuration(model.start[row] ?? 0, style.language),
      formatDuration(model.duration[row] ?? 0, style.language),
    );
    if ((overlay.path?.first[row] ?? -1) >= 0) this.description.textContent += ` ${texts.critical}`;
  }

  private assignIcons(
    model: TraceModel,
    row: number,
    texts: RowTexts,
    overlay: Overlay,
    none: boolean,
  ): void {
    const kind = model.kind[row];
    const category = model.categories[model.category[row] ?? -1];
    const names: IconName[] = none
      ? []
      : [
          ...(overlay.cold.has(row) ? (['cold'] as const) : []),
          ...(category === 'db' ? (['database'] as const) : []),
          ...(kind === 4 || kind === 5 ? (['queue'] as const) : []),
          ...(category === 'client' && kind === 3 ? (['call'] as const) : []),
          ...(category === 'faas' ? (['function'] as const) : []),
        ];
    const events = none ? 0 : (model.events[row] ?? 0);
    this.icons.hidden = names.length === 0 && events === 0;
    this.icons.replaceChildren(...names.map((name) => iconElement(name, texts.icon[name])));
    if (events > 0) {
      const count = document.createElement('span');
      count.textContent = `◆${events > 1 ? events : ''}`;
      count.title = texts.events(events);
      this.icons.append(count);
    }
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
