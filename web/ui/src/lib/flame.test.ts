import { describe, expect, it } from 'vitest';
import { boxes, costs, frameAt, layoutFlame, pathOf, rowAt, type StackNode, stackOf, step } from './flame';

const node = (name: string, self: number, ...children: StackNode[]): StackNode => ({
  name,
  self,
  value: children.reduce((sum, child) => sum + child.value, self),
  children,
});

// all(40) = main(35: f(30: g 20, f(10)), h 5) + idle 5
const TREE = node(
  'all',
  0,
  node('main', 0, node('f', 0, node('g', 20), node('f', 10)), node('h', 5)),
  node('idle', 5),
);

describe('a flame graph', () => {
  const flame = layoutFlame(TREE);
  const name = (row: number) => flame.nodes[row]?.name;

  it('puts children beside each other within their caller', () => {
    expect(flame.nodes.map((one) => one.name)).toEqual(['all', 'main', 'f', 'g', 'f', 'h', 'idle']);
    expect([...flame.depth]).toEqual([0, 1, 2, 3, 3, 2, 1]);
    expect([...flame.start]).toEqual([0, 0, 0, 0, 20, 30, 35]);
    expect([...flame.end]).toEqual([7, 6, 5, 4, 5, 6, 7]);
    expect(flame.levels).toBe(4);
  });

  it('finds every frame again by its path', () => {
    for (let row = 0; row < flame.count; row++) expect(rowAt(flame, pathOf(flame, row))).toBe(row);
    expect(name(rowAt(flame, '0.0.1'))).toBe('f');
    expect(name(rowAt(flame, '0.7.1')), 'as much as there is').toBe('main');
  });

  it('draws callers at full width when zoomed, and leaves out what is narrow', () => {
    const drawn = boxes(flame, 2, 0.5);
    expect(drawn.map(({ row, width }) => [name(row), width])).toEqual([
      ['all', 1],
      ['main', 1],
      ['f', 1],
      ['g', 20 / 30],
    ]);
    expect(boxes(flame, 0, 0).length).toBe(7);
  });

  it('finds the frame at a place', () => {
    const drawn = boxes(flame, 0, 0);
    expect(name(frameAt(drawn, 0.99, 1)?.row ?? -1)).toBe('idle');
    expect(name(frameAt(drawn, 0.6, 3)?.row ?? -1)).toBe('f');
    expect(frameAt(drawn, 0.99, 3)).toBeUndefined();
  });

  it('counts a function that calls itself once', () => {
    const found = new Map(costs(flame).map((cost) => [cost.name, cost]));
    expect(found.get('f')).toMatchObject({ self: 10, total: 30, row: 2 });
    expect(found.get('main')).toMatchObject({ self: 0, total: 35 });
    expect(costs(flame)[0]?.name).toBe('g');
    expect(costs(flame).reduce((sum, { self }) => sum + self, 0)).toBe(40);
  });

  it('walks by arrow keys', () => {
    const walk = (...keys: string[]) => name(keys.reduce((row, key) => step(flame, row, key), 0));
    expect(walk('ArrowDown', 'ArrowDown')).toBe('f');
    expect(walk('ArrowDown', 'ArrowDown', 'ArrowRight')).toBe('h');
    expect(walk('ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight')).toBe('h');
    expect(walk('ArrowDown', 'ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowUp')).toBe('all');
  });

  it('is as deep as the program', () => {
    let deep = node('leaf', 1);
    for (let i = 0; i < 20_000; i++) deep = { name: `n${i}`, self: 0, value: 1, children: [deep] };
    const tall = layoutFlame(deep);
    expect(tall.levels).toBe(20_001);
    expect(stackOf(tall, 20_000).length).toBe(20_001);
    expect(boxes(tall, 0, 0.1).length).toBe(20_001);
    expect(costs(tall).length).toBe(20_000);
  });
});
