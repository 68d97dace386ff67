import { describe, expect, it } from 'vitest';
import { movedBox } from './box-keys';

const ROOM = { x0: 50, x1: 450, y0: 10, y1: 210 };

describe('a selection moved by keys', () => {
  it('begins with the newest tenth', () => {
    expect(movedBox(undefined, 'ArrowLeft', false, ROOM, true)).toEqual({
      x0: 410,
      x1: 450,
      y0: 10,
      y1: 210,
    });
  });

  it('moves as it is and stays inside', () => {
    const box = { x0: 100, x1: 140, y0: 110, y1: 150 };
    expect(movedBox(box, 'ArrowRight', false, ROOM, true)).toEqual({ ...box, x0: 110, x1: 150 });
    expect(movedBox(box, 'ArrowUp', false, ROOM, true)).toEqual({ ...box, y0: 100, y1: 140 });
    expect(movedBox({ ...box, x0: 52 }, 'ArrowLeft', false, ROOM, true)).toEqual({ ...box, x0: 50, x1: 138 });
    expect(movedBox({ ...box, y0: 10, y1: 210 }, 'ArrowDown', false, ROOM, true)).toMatchObject({
      y0: 10,
      y1: 210,
    });
  });

  it('grows and shrinks by its right and its upper edge, and never to nothing', () => {
    const box = { x0: 100, x1: 140, y0: 110, y1: 150 };
    expect(movedBox(box, 'ArrowRight', true, ROOM, true)).toEqual({ ...box, x1: 150 });
    expect(movedBox(box, 'ArrowDown', true, ROOM, true)).toEqual({ ...box, y0: 120 });
    expect(movedBox({ ...box, x1: 112 }, 'ArrowLeft', true, ROOM, true)).toEqual({ ...box, x1: 110 });
  });

  it('leaves other keys, and height where there is none', () => {
    expect(movedBox(undefined, 'ArrowUp', false, ROOM, false)).toBeUndefined();
    expect(movedBox(undefined, 'Enter', false, ROOM, true)).toBeUndefined();
  });
});
