import { type Group, REST, type Scene } from './groups';
import { CELL, type Point, TILE } from './layout-place';

/**
 * How large something is drawn: a group has a width and a height, and what stands in one is smaller than what stands alone. A
 * line of a frame has its name beside it, for which there is some room.
 */
export type Place = Point & {
  scale?: number;
  w?: number;
  h?: number;
  beside?: boolean;
  room?: number;
  within?: boolean;
};

export type Places = Map<string, Place>;

/** Which of a frame's slots each node has; kept, so that nothing moves when another one comes or goes. */
export type Slots = Map<string, { open: boolean; rows: number; columns: number; of: Map<string, number> }>;

/** So many members have room in one cell of the grid. */
const MEMBERS_A_CELL = 30;

const GAP = 44;
const TITLE = 44;

/** Lines of a frame that shows only what is unhealthy: one more is for the rest. */
const LINES = 4;

export const spanOf = (members: number) => Math.min(5, Math.ceil(Math.sqrt(members / MEMBERS_A_CELL)));

/** How large a group is drawn that takes so many cells in each direction. */
export const sizeOf = (span: number) => ({ w: span * TILE.x - GAP, h: span * TILE.y - GAP });

/**
 * Where everything in a scene is drawn: what stands alone and groups at their places, and what is shown of a group in its
 * frame, which is as large as the group is when it is closed. slots are those of the last time, and are brought up to date.
 */
export function arrange(scene: Scene, tiles: ReadonlyMap<string, Point>, slots: Slots): Places {
  const places: Places = new Map();
  if (scene.grouping === 'none') {
    for (const { id } of scene.nodes) {
      const at = tiles.get(id);
      if (at) places.set(id, { ...at });
    }
    return places;
  }
  const inside = new Map<string, string[]>();
  for (const { id } of scene.nodes) {
    const parent = scene.parent.get(id);
    const at = tiles.get(id);
    if (parent !== undefined) inside.set(parent, [...(inside.get(parent) ?? []), id]);
    else if (at)
      places.set(id, { ...at, ...(scene.groups.has(id) ? sizeFor(scene.groups.get(id)) : { scale: 2 }) });
  }
  for (const [id, shown] of inside) {
    const at = tiles.get(id);
    const group = scene.groups.get(id);
    if (!at || !group) continue;
    const size = sizeFor(group);
    places.set(id, { ...at, ...size });
    fill(places, at, size, shown, slotsOf(slots, group, shown));
  }
  return places;
}

const sizeFor = (group: Group | undefined) => sizeOf(spanOf(group?.members.length ?? 1));

function slotsOf(slots: Slots, group: Group, shown: readonly string[]) {
  const before = slots.get(group.id);
  const wanted = new Set(shown);
  if (before?.open === group.open && shown.length <= before.rows * before.columns) {
    for (const id of before.of.keys()) if (!wanted.has(id)) before.of.delete(id);
    const taken = new Set(before.of.values());
    let next = 0;
    for (const id of shown) {
      if (before.of.has(id)) continue;
      while (taken.has(next)) next++;
      before.of.set(id, next);
      taken.add(next);
    }
    return before;
  }
  const columns = group.open
    ? Math.ceil(Math.sqrt(shown.length))
    : Math.ceil(shown.length / (LINES * spanOf(group.members.length)));
  const rows = group.open
    ? Math.ceil(shown.length / columns)
    : Math.max(Math.ceil(shown.length / columns), LINES);
  const made = {
    open: group.open,
    rows,
    columns,
    of: new Map(shown.toSorted(restLast).map((id, i) => [id, i])),
  };
  slots.set(group.id, made);
  return made;
}

/** What is unhealthy stands above the node for the rest. */
const restLast = (a: string, b: string) =>
  Number(a.startsWith(REST)) - Number(b.startsWith(REST)) || (a < b ? -1 : 1);

type Layout = { open: boolean; rows: number; columns: number; of: ReadonlyMap<string, number> };

function fill(
  places: Places,
  at: Point,
  size: { w: number; h: number },
  shown: readonly string[],
  slots: Layout,
): void {
  const cell = { x: size.w / slots.columns, y: (size.h - TITLE) / slots.rows };
  // A line has its name beside it, and so needs less height than a node with its name below.
  const scale = slots.open
    ? Math.min(cell.x / CELL.x, cell.y / CELL.y, 2)
    : Math.min(cell.x / 190, cell.y / 28, 2);
  for (const id of shown) {
    const slot = slots.of.get(id) ?? 0;
    const left = at.x - size.w / 2 + (slot % slots.columns) * cell.x;
    const top = at.y - size.h / 2 + TITLE + Math.floor(slot / slots.columns) * cell.y;
    places.set(id, {
      x: Math.round(slots.open ? left + cell.x / 2 : left + 20 * scale),
      y: Math.round(top + cell.y * (slots.open ? 0.4 : 0.5)),
      scale,
      ...(slots.open ? { within: true } : { beside: true, room: cell.x - 44 * scale }),
    });
  }
}
