import { describe, expect, it } from 'vitest';
import type { Heatmap, Histogram } from '../../../api/search';
import { barAt, durationBars, timeBars } from './bars-plot';
import { BOTTOM, LEFT, logScale, powersOf, RIGHT, TOP, timeScale } from './frame';
import { cellAt, decadesOf, heatLayout } from './heat-plot';
import { layout, nearest } from './scatter-plot';

const WIDTH = LEFT + RIGHT + 1000;
const HEIGHT = TOP + BOTTOM + 100;

describe('scales', () => {
  it('lead there and back', () => {
    const x = timeScale({ fromMs: 5_000, toMs: 6_000 }, WIDTH);
    expect(x.to(5_500)).toBe(LEFT + 500);
    expect(x.from(LEFT + 250)).toBe(5_250);
    const y = logScale(1e3, 1e9, HEIGHT - BOTTOM, TOP);
    for (const ns of [1e3, 4.2e6, 1e9]) expect(y.from(y.to(ns)) / ns).toBeCloseTo(1, 9);
    expect(y.to(0)).toBe(HEIGHT - BOTTOM);
  });

  it('have at least one decade', () => {
    expect(powersOf(0, 0)).toEqual([1, 10]);
    expect(powersOf(300, 4e3)).toEqual([100, 1e3, 1e4]);
    expect(powersOf(2e6, 3e7)).toEqual([1e6, 1e7, 1e8]);
  });
});

const heat: Heatmap = {
  fromNs: '1000000000',
  toNs: '3000000000',
  stepNs: 1e9,
  steps: 2,
  buckets: [
    { fromNs: 0, toNs: 1e-308 },
    { fromNs: 1e6, toNs: 1.5e6 },
    { fromNs: 5e8, toNs: 1e9 },
  ],
  cells: [
    { step: 0, bucket: 1, spans: 10, errors: 0 },
    { step: 1, bucket: 2, spans: 3, errors: 3 },
    { step: 1, bucket: 0, spans: 1, errors: 0 },
  ],
};

describe('heat map', () => {
  const plot = heatLayout(heat, WIDTH, HEIGHT);
  it('puts cells where their time and duration are', () => {
    const [first, second] = plot.cells;
    expect([first?.x0, first?.x1]).toEqual([LEFT, LEFT + 500]);
    expect(second && second.y1 < (first?.y0 ?? 0)).toBe(true);
    expect(cellAt(plot.cells, LEFT + 750, plot.y.to(7e8))).toBe(second);
    expect(cellAt(plot.cells, LEFT + 10, plot.y.to(7e8))).toBeUndefined();
  });

  it('keeps what took no time on the lowest line', () => {
    const none = plot.cells[2];
    expect(none?.y1).toBe(HEIGHT - BOTTOM);
    expect(none && none.y0 < none.y1).toBe(true);
  });

  it('says the same as a table', () => {
    expect(decadesOf(plot.cells)).toEqual([
      { fromNs: 0, spans: 1, errors: 0 },
      { fromNs: 1e6, spans: 10, errors: 0 },
      { fromNs: 1e8, spans: 3, errors: 3 },
    ]);
  });
});

it('bars stand beside each other without a gap', () => {
  const histogram = {
    fromNs: '0',
    toNs: '2000000000',
    stepNs: 1e9,
    buckets: [
      { fromNs: 1e6, toNs: 2e6, spans: 4, errors: 1 },
      { fromNs: 2e6, toNs: 4e6, spans: 8, errors: 0 },
    ],
    points: [
      { startNs: '0', spans: 4, errors: 0 },
      { startNs: '1000000000', spans: 2, errors: 1 },
    ],
  } as unknown as Histogram;
  const durations = durationBars(histogram, WIDTH);
  expect(durations.bars[0]?.x1).toBeCloseTo(durations.bars[1]?.x0 ?? 0, 9);
  expect(barAt(durations.bars, durations.x.to(3e6))).toBe(durations.bars[1]);
  expect(durations.most).toBe(8);
  const times = timeBars(histogram, WIDTH);
  expect(times.bars.map((bar) => [bar.x0, bar.x1])).toEqual([
    [LEFT, LEFT + 500],
    [LEFT + 500, LEFT + 1000],
  ]);
});

it('the nearest mark is found, the last drawn first', () => {
  const trace = (startNs: string, durationNs: number) => ({ startNs, durationNs }) as never;
  const plot = layout(
    [trace('1000000000', 1e6), trace('2000000000', 1e8)],
    { fromMs: 1_000, toMs: 2_000 },
    WIDTH,
    HEIGHT,
  );
  expect(nearest(plot.points, LEFT + 3, plot.y.to(1e6) - 3)?.index).toBe(0);
  expect(nearest(plot.points, LEFT + 500, TOP)).toBeUndefined();
});
