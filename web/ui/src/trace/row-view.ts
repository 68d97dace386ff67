import { colourOf } from '../lib/colour';
import { formatDuration } from '../lib/duration';
import { linkedTraces } from './join';
import { FLAG_BLOCK, FLAG_COLD, FLAG_ORPHANS, STATUS_ERROR, type TraceModel } from './model';
import type { Overlay } from './overlay';
import type { Style } from './paint';
import { type IconName, iconElement } from './row-icons';
import { type PhaseName, runtimeLabel, type SpanState, stateOf } from './row-label';
import type { VisibleRows } from './rows';
import { waitText } from './wait-text';

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
  phase: Record<PhaseName, string>;
  state: Record<SpanState, string>;
  /** Of a span that may still run, in place of describe. */
  soFar: (start: string, duration: string) => string;
  block: (name: string) => string;
  waited: (queue: string, time: string) => string;
  waitedSomewhere: (time: string) => string;
  showLinked: (count: number) => string;
  hideLinked: string;
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
  | 'match'
  | 'raw'
  | 'state'
  | 'block'
  | 'hop',
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
  private readonly raw = document.createElement('span');
  private readonly state = document.createElement('span');
  private readonly hop = document.createElement('button');
  private readonly hopCount = document.createElement('span');
  private readonly hopTitle = document.createElement('span');
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
    this.raw.className = classes.raw;
    this.state.className = classes.state;
    this.hop.className = classes.hop;
    this.hop.type = 'button';
    // The list has the focus, not what stands in it; its key does the same.
    this.hop.tabIndex = -1;
    this.hop.dataset.hop = '';
    this.hopTitle.className = classes.hidden;
    this.hop.append(this.hopCount, this.hopTitle);
    this.label.append(
      this.twisty,
      this.swatch,
      this.depth,
      this.service,
      this.name,
      this.raw,
      this.run,
      this.icons,
      this.state,
      this.mark,
      this.hop,
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
    const flags = model.flags[row] ?? 0;
    const orphans = (flags & FLAG_ORPHANS) !== 0;
    const block = (flags & FLAG_BLOCK) !== 0;
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
    this.swatch.style.backgroundColor = orphans || block ? 'transparent' : colourOf(colour, style.theme);
    this.depth.textContent = depth > deepest ? texts.depthAt(depth + 1) : '';
    this.depth.hidden = depth <= deepest;
    this.service.textContent = service;
    this.service.hidden = orphans || block;
    this.assignName(model, row, texts, service);
    element.classList.toggle(classes.block, block);
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
      this.raw.hidden = true;
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
    const state = pruned > 0 || run ? undefined : stateOf(flags);
    this.state.hidden = state === undefined;
    this.state.textContent = state ? texts.state[state] : '';
    if (state) this.state.dataset.state = state;
    this.assignHop(model, row, texts, overlay, pruned > 0 || run !== undefined);
    const start = formatDuration(model.start[row] ?? 0, style.language);
    const duration = formatDuration(model.duration[row] ?? 0, style.language);
    const said = [state === 'running' ? texts.soFar(start, duration) : texts.describe(start, duration)];
    const sent = model.waits.get(row);
    if (sent !== undefined) said.push(waitText(model, row, sent, style, texts));
    if ((overlay.path?.first[row] ?? -1) >= 0) said.push(texts.critical);
    this.description.textContent = said.join(' · ');
  }

  private assignName(model: TraceModel, row: number, texts: RowTexts, service: string): void {
    const flags = model.flags[row] ?? 0;
    const raw = model.names[model.name[row] ?? -1] || texts.unnamed;
    if (flags & (FLAG_ORPHANS | FLAG_BLOCK)) {
      this.name.textContent = flags & FLAG_BLOCK ? texts.block(raw) : texts.orphans;
      this.name.title = this.name.textContent;
      this.raw.hidden = true;
      return;
    }
    const label = runtimeLabel(model, row);
    const said = label ? ('phase' in label ? texts.phase[label.phase] : label.module) : raw;
    this.name.textContent = said;
    this.raw.hidden = said === raw;
    this.raw.textContent = said === raw ? '' : raw;
    this.name.title = said === raw ? `${service}: ${raw}` : `${service}: ${said} (${raw})`;
  }

  private assignHop(model: TraceModel, row: number, texts: RowTexts, overlay: Overlay, none: boolean): void {
    const linked = none ? 0 : linkedTraces(model, row);
    this.hop.hidden = linked === 0;
    if (linked === 0) return;
    const open = overlay.opened.has(model.id[row] ?? '');
    const title = open ? texts.hideLinked : texts.showLinked(linked);
    this.hop.title = title;
    this.hop.setAttribute('aria-pressed', String(open));
    this.hopCount.textContent = `⇄ ${linked}`;
    this.hopTitle.textContent = ` ${title}`;
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
          ...(overlay.cold.has(row) || ((model.flags[row] ?? 0) & FLAG_COLD) !== 0
            ? (['cold'] as const)
            : []),
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
