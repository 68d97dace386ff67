import { readPreference, writePreference } from './preferences';

/** Where a key holds: everywhere, on pages with a time range, or on one page. */
export type Scope = 'global' | 'time' | 'list' | 'trace' | 'map';

/**
 * A key and what it does. press is "g m" for one key after the other, "shift+d", or one character as the keyboard layout
 * gives it. A binding without run is listed only: the element that has the focus handles it itself.
 */
export type Binding<Name extends string = string> = { name: Name; press: string; run?: () => void };

type Layer = { scope: Scope; bindings: readonly Binding[] };

/** How long the second key of a pair may take. */
const PAIR_MS = 1_200;

/**
 * The single keys of the page. The layer that came last has the first say. They can be switched off (WCAG 2.1.4), and never
 * hold in a field, while text is being composed, or together with a key that browsers use.
 */
export class Keymap {
  private layers: readonly Layer[] = [];
  private readonly listeners = new Set<() => void>();
  private pending: { key: string; at: number } | undefined;
  on = readPreference('shortcuts') !== 'off';

  add(layer: Layer): () => void {
    this.layers = [...this.layers, layer];
    this.changed();
    return () => {
      this.layers = this.layers.filter((other) => other !== layer);
      this.changed();
    };
  }

  switch(on: boolean): void {
    this.on = on;
    writePreference('shortcuts', on ? 'on' : 'off');
    this.layers = [...this.layers];
    this.changed();
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** All that holds at the moment; the same array until something changes. */
  readonly list = (): readonly Layer[] => this.layers;

  readonly handle = (event: KeyboardEvent): void => {
    if (
      !this.on ||
      event.defaultPrevented ||
      event.isComposing ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    )
      return;
    if (isField(event.target)) return;
    const key =
      event.key.length === 1 && event.shiftKey && event.key !== event.key.toLowerCase()
        ? `shift+${event.key.toLowerCase()}`
        : event.key;
    const first = this.pending && event.timeStamp - this.pending.at <= PAIR_MS ? this.pending.key : undefined;
    this.pending = undefined;
    const press = first === undefined ? key : `${first} ${key}`;
    const found = this.find(press);
    if (found) {
      event.preventDefault();
      found.run?.();
    } else if (this.layers.some((layer) => layer.bindings.some((b) => b.press.startsWith(`${key} `)))) {
      this.pending = { key, at: event.timeStamp };
    }
  };

  private find(press: string): Binding | undefined {
    for (const layer of this.layers.toReversed()) {
      const found = layer.bindings.find((binding) => binding.press === press && binding.run);
      if (found) return found;
    }
    return undefined;
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Typing in a field is no shortcut. */
const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button|range)$/.test(target.type));

export const keymap = new Keymap();
