export type Theme = 'light' | 'dark';

/**
 * Twelve colours a theme, chosen by the largest smallest OKLab distance over normal, protan, deutan and tritan vision
 * (Machado 2009), at least 3:1 against the theme's surface and away from the red of errors. colour.test.ts holds them to it.
 */
export const PALETTE: Record<Theme, readonly string[]> = {
  light: [
    '#0b62c4',
    '#47a0b5',
    '#650e61',
    '#e66700',
    '#82417d',
    '#907bf8',
    '#2c2398',
    '#c37c77',
    '#8a1840',
    '#8c606d',
    '#3986c3',
    '#6e1c03',
  ],
  dark: [
    '#5aa9ff',
    '#0bf0e0',
    '#e9d401',
    '#b1409c',
    '#c73f15',
    '#d56fb2',
    '#7872ee',
    '#ffa37f',
    '#5dcdfa',
    '#376e68',
    '#ff8516',
    '#cd9ca5',
  ],
};

export const SURFACE: Record<Theme, string> = { light: '#ffffff', dark: '#14171c' };
export const ERROR: Record<Theme, string> = { light: '#c8102e', dark: '#ff5a5f' };

/** FNV-1a, 32 bit, over the UTF-8 bytes: the same name has the same slot in every browser and on every page. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/** A service's colour on a page. striped tells apart the services beyond the twelfth. */
export type ServiceColour = { slot: number; striped: boolean };

// 5 and 12 have no common divisor, so probing visits every slot.
const PROBE = 5;

/**
 * Gives every service its slot: by its own hash, or the next free one when a service with more spans holds that. Past
 * twelve services slots are shared and marked as striped.
 */
export function assignColours(
  services: readonly { name: string; spans: number }[],
): Map<string, ServiceColour> {
  const slots = PALETTE.light.length;
  const taken = new Set<number>();
  const result = new Map<string, ServiceColour>();
  const order = [...services].sort((a, b) => b.spans - a.spans || (a.name < b.name ? -1 : 1));
  for (const { name } of order) {
    if (result.has(name)) continue;
    let slot = fnv1a(name) % slots;
    const striped = taken.size >= slots;
    while (!striped && taken.has(slot)) slot = (slot + PROBE) % slots;
    taken.add(slot);
    result.set(name, { slot, striped });
  }
  return result;
}

export const colourOf = (colour: ServiceColour | undefined, theme: Theme) =>
  PALETTE[theme][colour?.slot ?? 0] ?? '#888888';
