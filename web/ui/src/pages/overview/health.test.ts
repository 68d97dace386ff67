import { describe, expect, it } from 'vitest';
import { type Matrix, triage, worstBout } from './health';

const fill = (n: number, value: number) => Array.from({ length: n }, () => value);

describe('the worst bout', () => {
  it('begins where errors begin, and has their share there', () => {
    const errors = [...fill(8, 0), 5, 6, 5];
    expect(worstBout(fill(11, 10), errors, 1000, 10)).toEqual({
      rate: 16 / 30,
      fromMs: 1080,
      toMs: undefined,
    });
  });

  it('ends where they end', () => {
    const errors = [0, 0, 9, 8, 0, 0, 0, 0];
    expect(worstBout(fill(8, 10), errors, 0, 10)).toEqual({ rate: 0.85, fromMs: 20, toMs: 40 });
  });

  it('has no start when it fails all the time, whatever stretch was without calls', () => {
    const calls = [0, 0, ...fill(6, 10), 0];
    const errors = [0, 0, ...fill(6, 4), 0];
    expect(worstBout(calls, errors, 0, 10)).toEqual({ rate: 0.4, fromMs: undefined, toMs: undefined });
  });

  it('has no start or end that may be chance', () => {
    const errors = [0, 1, 2, 1, 2, 0];
    expect(worstBout(fill(6, 10), errors, 0, 10)).toEqual({ rate: 0.1, fromMs: undefined, toMs: undefined });
  });

  it('is nothing without calls', () => {
    expect(worstBout([0, 0], [0, 0], 0, 10).rate).toBe(0);
  });
});

describe('triage', () => {
  const node = (name: string, kind: string, errorRate: number, health: string) =>
    ({ id: `service:${name}`, name, kind, errorRate, health, errors: 5, calls: 10 }) as never;
  const matrix = { fromNs: '0', stepNs: 1e9, steps: 1, nodes: [], edges: [], truncated: false } as Matrix;

  it('counts what runs code and puts the worst first', () => {
    const found = triage(
      [
        node('a', 'service', 0.06, 'bad'),
        node('b', 'function', 0.5, 'bad'),
        node('db', 'database', 0.9, 'bad'),
        node('c', 'service', 0.02, 'warn'),
        node('d', 'service', 0, 'ok'),
      ],
      matrix,
    );
    expect(found.services).toBe(4);
    expect(found.bad.map(({ node: { name } }) => name)).toEqual(['b', 'a']);
    expect(found.warn.map(({ node: { name } }) => name)).toEqual(['c']);
    expect(found.bad[0]?.bout.rate).toBe(0.5);
  });
});
