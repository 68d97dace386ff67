import type { KeyName } from '../components/use-keys';
import { type Binding, keymap } from '../lib/keymap';
import { FLAG_BLOCK, STATUS_ERROR } from './model';
import { panWindow, zoomWindow } from './timescale';
import type { Waterfall } from './waterfall';

/** The keys below, for the help. */
export const KEYS: readonly Binding<KeyName>[] = (
  [
    ['move', 'ArrowDown', 'ArrowUp', 'j', 'k'],
    ['fold', 'ArrowLeft', 'ArrowRight'],
    ['ends', 'Home', 'End'],
    ['page', 'PageUp', 'PageDown'],
    ['open', 'Enter'],
    ['escape', 'Escape'],
    ['parent', 'u'],
    ['error', 'e', 'shift+e'],
    ['all', '[', ']'],
    ['sameService', '.', ','],
    ['zoom', 'w', 's'],
    ['pan', 'a', 'd'],
    ['hop', 'l'],
    ['fit', 'f'],
    ['reset', '0'],
  ] as const
).flatMap(([name, ...presses]) => presses.map((press) => ({ name, press })));

/**
 * Keys of the span list, on top of what ARIA expects of a treegrid. They hold only while the list has the focus, and single
 * characters only while those are on. Letters that zoom go by their place on the keyboard.
 */
export function handleKey(waterfall: Waterfall, event: KeyboardEvent): void {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!keymap.on && event.key.length === 1 && event.key !== ' ') return;
  if (onRow(waterfall, event) || onTime(waterfall, event)) event.preventDefault();
}

function onRow(w: Waterfall, event: KeyboardEvent): boolean {
  const { model, rows } = w;
  const row = w.active;
  const position = rows.positionOf(row);
  const run = rows.runAt(row) !== undefined;
  const parent = run || (model.subtree[row] ?? 1) > 1;
  const collapsed = run || rows.isCollapsed(row);
  const up = model.parent[row] ?? -1;
  switch (event.key) {
    case 'ArrowDown':
    case 'j':
      return goTo(w, position + 1);
    case 'ArrowUp':
    case 'k':
      return goTo(w, position - 1);
    case 'PageDown':
      return goTo(w, position + w.pageRows());
    case 'PageUp':
      return goTo(w, position - w.pageRows());
    case 'Home':
      return goTo(w, 0);
    case 'End':
      return goTo(w, rows.length - 1);
    case 'ArrowRight':
      if (parent && collapsed) w.toggle(row, true);
      else if (parent) goTo(w, position + 1);
      return true;
    case 'ArrowLeft':
      if ((parent && !collapsed) || (!parent && rows.canFold(row))) w.toggle(row, false);
      else if (up >= 0) goToRow(w, up);
      return true;
    case '.':
    case ',':
      return nextOfService(w, event.key === '.' ? 1 : -1);
    case 'u':
      if (up >= 0) goToRow(w, up);
      return true;
    case 'e':
    case 'E':
      return nextError(w, event.key === 'e' ? 1 : -1);
    case 'l':
      if (w.model.linksOf.has(row)) w.events.hop(row);
      return true;
    case '[':
      w.collapseFrom(0);
      return true;
    case ']':
      w.collapseFrom(Number.POSITIVE_INFINITY);
      return true;
    case 'Enter':
    case ' ':
      if ((model.flags[row] ?? 0) & FLAG_BLOCK) {
        w.toggle(row, collapsed);
        return true;
      }
      w.events.select(row === w.selected ? -1 : row, false);
      return true;
    case 'Escape':
      if (w.selected < 0) return false;
      w.events.select(-1, false);
      return true;
    default:
      return false;
  }
}

function onTime(w: Waterfall, event: KeyboardEvent): boolean {
  const total = w.model.durationNs;
  switch (event.code) {
    case 'KeyW':
      w.events.window(zoomWindow(w.window, 0.7, pivot(w), total));
      return true;
    case 'KeyS':
      w.events.window(zoomWindow(w.window, 1 / 0.7, pivot(w), total));
      return true;
    case 'KeyA':
      w.events.window(panWindow(w.window, -0.2, total));
      return true;
    case 'KeyD':
      w.events.window(panWindow(w.window, 0.2, total));
      return true;
    case 'KeyF': {
      const from = w.model.start[w.active] ?? 0;
      const width = Math.max(1, w.model.duration[w.active] ?? 1);
      w.events.window({ from: from - width * 0.1, to: from + width * 1.1 });
      return true;
    }
    case 'Digit0':
    case 'Numpad0':
      w.events.window({ from: 0, to: total });
      return true;
    default:
      return false;
  }
}

/** Zooming keeps the active span in place when it is in view, else the middle. */
function pivot(w: Waterfall): number {
  const middle = (w.model.start[w.active] ?? 0) + (w.model.duration[w.active] ?? 0) / 2;
  const share = (middle - w.window.from) / (w.window.to - w.window.from);
  return share > 0 && share < 1 ? share : 0.5;
}

function goTo(w: Waterfall, position: number): boolean {
  const at = Math.min(Math.max(0, position), w.rows.length - 1);
  return goToRow(w, w.rows.order[at] ?? 0);
}

function goToRow(w: Waterfall, row: number): boolean {
  w.moveTo(row);
  // While the details are open they follow; otherwise only Enter opens them.
  if (w.selected >= 0 && row !== w.selected) w.events.select(row, true);
  return true;
}

function nextOfService(w: Waterfall, direction: 1 | -1): boolean {
  const { rows, service } = w.model;
  for (let step = 1; step < rows; step++) {
    const row = (w.active + direction * step + rows) % rows;
    if (service[row] === service[w.active]) return goToRow(w, row);
  }
  return true;
}

function nextError(w: Waterfall, direction: 1 | -1): boolean {
  const { rows, status } = w.model;
  for (let step = 1; step <= rows; step++) {
    const row = (w.active + direction * step + rows * 2) % rows;
    if (status[row] === STATUS_ERROR) return goToRow(w, row);
  }
  return true;
}
