import type { Box } from './frame';

const ARROWS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Steps of one key press: so many of them cross the drawing. */
const STEPS = 40;

/**
 * The selection after an arrow key: moved as it is, or with Shift its right or upper edge alone. The first press selects the
 * newest tenth. Undefined for other keys, and for those that would change nothing.
 */
export function movedBox(
  box: Box | undefined,
  key: string,
  shift: boolean,
  room: Box,
  upright: boolean,
): Box | undefined {
  const arrow = ARROWS[key];
  if (!arrow || (arrow[1] !== 0 && !upright)) return undefined;
  const [width, height] = [room.x1 - room.x0, room.y1 - room.y0];
  if (!box) return { ...room, x0: room.x1 - width / 10 };
  const [dx, dy] = [(arrow[0] * width) / STEPS, (arrow[1] * height) / (STEPS / 2)];
  const least = { x: width / STEPS, y: height / (STEPS / 2) };
  if (shift)
    return {
      ...box,
      x1: clamp(box.x1 + dx, box.x0 + least.x, room.x1),
      y0: clamp(box.y0 + dy, room.y0, box.y1 - least.y),
    };
  const x = clamp(dx, room.x0 - box.x0, room.x1 - box.x1);
  const y = clamp(dy, room.y0 - box.y0, room.y1 - box.y1);
  return { x0: box.x0 + x, x1: box.x1 + x, y0: box.y0 + y, y1: box.y1 + y };
}

const clamp = (value: number, low: number, high: number) =>
  Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
