import { afterEach, describe, expect, it, vi } from 'vitest';
import { Keymap } from './keymap';

const press = (
  keymap: Keymap,
  key: string,
  init: KeyboardEventInit = {},
  target: HTMLElement = document.body,
) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
  const handle = (e: Event) => keymap.handle(e as KeyboardEvent);
  document.addEventListener('keydown', handle);
  target.dispatchEvent(event);
  document.removeEventListener('keydown', handle);
  return event.defaultPrevented;
};

describe('keymap', () => {
  afterEach(() => {
    document.body.replaceChildren();
    localStorage.clear();
  });

  it('runs single keys, pairs and capitals, and the layer that came last', () => {
    const keymap = new Keymap();
    const [r, map, theme, own] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    keymap.add({
      scope: 'global',
      bindings: [
        { name: 'refresh', press: 'r', run: r },
        { name: 'goMap', press: 'g m', run: map },
        { name: 'theme', press: 'shift+d', run: theme },
      ],
    });
    expect(press(keymap, 'r')).toBe(true);
    press(keymap, 'm');
    expect(map).not.toHaveBeenCalled();
    press(keymap, 'g');
    press(keymap, 'm');
    press(keymap, 'D', { shiftKey: true });
    expect([r, map, theme].map((f) => f.mock.calls.length)).toEqual([1, 1, 1]);
    const remove = keymap.add({ scope: 'map', bindings: [{ name: 'fit', press: 'r', run: own }] });
    press(keymap, 'r');
    remove();
    press(keymap, 'r');
    expect([r, own].map((f) => f.mock.calls.length)).toEqual([2, 1]);
  });

  it('leaves fields, composing and the browser alone', () => {
    const keymap = new Keymap();
    const run = vi.fn();
    keymap.add({ scope: 'global', bindings: [{ name: 'refresh', press: 'r', run }] });
    const field = document.body.appendChild(document.createElement('input'));
    expect(press(keymap, 'r', {}, field)).toBe(false);
    expect(press(keymap, 'r', { ctrlKey: true })).toBe(false);
    expect(press(keymap, 'r', { isComposing: true })).toBe(false);
    expect(run).not.toHaveBeenCalled();
    field.type = 'checkbox';
    press(keymap, 'r', {}, field);
    expect(run).toHaveBeenCalledOnce();
  });

  it('can be switched off, and remembers it', () => {
    const keymap = new Keymap();
    const run = vi.fn();
    keymap.add({ scope: 'global', bindings: [{ name: 'refresh', press: 'r', run }] });
    keymap.switch(false);
    expect(press(keymap, 'r')).toBe(false);
    expect(new Keymap().on).toBe(false);
    keymap.switch(true);
    press(keymap, 'r');
    expect(run).toHaveBeenCalledOnce();
  });
});
