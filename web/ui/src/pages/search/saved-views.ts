import { readPreference, writePreference } from '../../lib/preferences';

/** An address of this page under a name. */
export type SavedView = { name: string; query: string };

const MOST = 100;

/** What this browser keeps; nothing when it keeps something else under that name. */
export function readViews(): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(readPreference('views') ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

const isView = (one: unknown): one is SavedView =>
  typeof one === 'object' &&
  one !== null &&
  typeof (one as SavedView).name === 'string' &&
  typeof (one as SavedView).query === 'string';

export const writeViews = (views: readonly SavedView[]) => writePreference('views', JSON.stringify(views));

/** The latest first; one of the same name gives way. */
export const withView = (views: readonly SavedView[], view: SavedView): readonly SavedView[] =>
  [view, ...withoutView(views, view.name)].slice(0, MOST);

export const withoutView = (views: readonly SavedView[], name: string): readonly SavedView[] =>
  views.filter((one) => one.name !== name);
