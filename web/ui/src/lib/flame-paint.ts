import type { Style } from '../trace/paint';
import { fnv1a, PALETTE } from './colour';
import type { Box, Flame } from './flame';

export const LINE = 20;

/** Frames narrower than this many pixels are not drawn: they could not be told apart. */
export const LEAST_PX = 0.75;

// Text needs room for a few letters.
const LABEL_PX = 28;
const PAD = 4;
// A tint that text in the page's own colour is read on, in both themes.
const TINT = 0.32;
const FAINT = 0.1;

/** Frames of one file have one colour: where the time goes is seen before names are read. */
const slotOf = (file: string, name: string) =>
  fnv1a(file || name.replace(/[.:/][^.:/]*$/, '')) % PALETTE.light.length;

/** Which frames stand out: those whose name has what is looked for. */
export type Highlight = { cursor: number; found: ReadonlySet<number> | undefined };

/** Draws frames as bars with their names, callers above what they call. */
export function paintFlame(
  context: CanvasRenderingContext2D,
  width: number,
  flame: Flame,
  drawn: readonly Box[],
  { cursor, found }: Highlight,
  style: Style,
): void {
  context.font = style.font;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const { row, line, x, width: share } of drawn) {
    const node = flame.nodes[row];
    if (!node) continue;
    const left = x * width;
    const size = share * width;
    const top = line * LINE;
    context.globalAlpha = found && !found.has(row) ? FAINT : TINT;
    context.fillStyle = PALETTE[style.theme][slotOf(node.file ?? '', node.name)] ?? style.line;
    context.fillRect(left, top, Math.max(size - 0.5, 0.5), LINE - 1);
    context.globalAlpha = 1;
    if (size >= LABEL_PX) {
      const text = fitted(context, node.name, size - 2 * PAD);
      context.fillStyle = found && !found.has(row) ? style.dimmed : style.text;
      if (text) context.fillText(text, left + PAD, top + LINE / 2);
    }
    if (row === cursor) {
      context.strokeStyle = style.text;
      context.lineWidth = 1.5;
      context.strokeRect(left + 0.75, top + 0.75, Math.max(size - 2, 1), LINE - 2.5);
    }
  }
}

/** As much of a name as there is room for. The end of a qualified name says more than its beginning. */
function fitted(context: CanvasRenderingContext2D, name: string, room: number): string {
  if (context.measureText(name).width <= room) return name;
  const letters = [...name];
  let least = 0;
  let most = letters.length;
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if (context.measureText(`…${letters.slice(-middle).join('')}`).width <= room) least = middle;
    else most = middle - 1;
  }
  return least < 2 ? '' : `…${letters.slice(-least).join('')}`;
}
