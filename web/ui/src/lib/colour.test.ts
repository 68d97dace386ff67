import { describe, expect, it } from 'vitest';
import { contrast, distance, VISION } from '../test/color-vision';
import { assignColours, ERROR, fnv1a, PALETTE, SURFACE, type Theme } from './colour';

// Jaeger's twenty colours have a worst pair of 2.4. Tritanopia is a hundred times rarer than the red-green kinds.
const FLOOR: Record<string, number> = { normal: 7.5, protan: 7.5, deutan: 7.5, tritan: 5.5 };

describe('service colours', () => {
  for (const theme of ['light', 'dark'] as Theme[]) {
    it(`${theme}: any two differ for every kind of colour vision`, () => {
      const pairs = PALETTE[theme].flatMap((a, i) => PALETTE[theme].slice(i + 1).map((b) => [a, b] as const));
      for (const [vision, matrix] of Object.entries(VISION)) {
        const worst = Math.min(...pairs.map(([a, b]) => distance(a, b, matrix)));
        expect(worst, vision).toBeGreaterThan(FLOOR[vision] ?? 100);
      }
    });
    it(`${theme}: each stands out from the surface`, () => {
      for (const colour of PALETTE[theme]) {
        expect(contrast(colour, SURFACE[theme]), colour).toBeGreaterThanOrEqual(3);
        expect(distance(colour, ERROR[theme], VISION.normal ?? []), colour).toBeGreaterThan(6);
      }
      expect(contrast(ERROR[theme], SURFACE[theme])).toBeGreaterThanOrEqual(4.5);
    });
  }

  it('hashes as FNV-1a does', () => {
    // Vectors of the FNV reference implementation.
    expect(fnv1a('')).toBe(0x811c9dc5);
    expect(fnv1a('a')).toBe(0xe40c292c);
    expect(fnv1a('foobar')).toBe(0xbf9cf968);
    expect(fnv1a('订单')).toBe(fnv1a('订单'));
  });

  it('gives twelve services twelve colours and stripes the rest', () => {
    const names = Array.from({ length: 15 }, (_, i) => ({ name: `svc-${i}`, spans: 100 - i }));
    const colours = assignColours(names);
    const first = names.slice(0, 12).map((s) => colours.get(s.name));
    expect(new Set(first.map((c) => c?.slot)).size).toBe(12);
    expect(first.some((c) => c?.striped)).toBe(false);
    expect(names.slice(12).every((s) => colours.get(s.name)?.striped)).toBe(true);
  });

  it('lets the busiest service keep its own slot', () => {
    const slot = (name: string) => fnv1a(name) % 12;
    let rival = 0;
    while (slot(`rival-${rival}`) !== slot('cart')) rival++;
    const colours = assignColours([
      { name: `rival-${rival}`, spans: 1 },
      { name: 'cart', spans: 9 },
    ]);
    expect(colours.get('cart')?.slot).toBe(slot('cart'));
    expect(colours.get(`rival-${rival}`)?.slot).not.toBe(slot('cart'));
  });
});
