import { describe, expect, it } from 'vitest';
import { hold } from './held';

const traces = (text: string, spans = 1) => [...text].map((traceId) => ({ traceId, spans }));
const ids = (list: readonly { traceId: string }[]) => list.map((one) => one.traceId).join('');

describe('a list that is being read', () => {
  it('stays where it is, and counts what waits', () => {
    const { shown, waiting } = hold(traces('cba'), traces('edxcyba', 2));
    expect(ids(shown)).toBe('cba');
    expect(shown.every((one) => one.spans === 2)).toBe(true);
    expect(waiting).toBe(4);
  });

  it('takes older ones that were asked for', () => {
    const { shown, waiting } = hold(traces('cb'), traces('dcba'));
    expect(ids(shown)).toBe('cba');
    expect(waiting).toBe(1);
  });

  it('outlives what a full page of newer ones displaces', () => {
    expect(hold(traces('cb'), traces('zyx'))).toMatchObject({ waiting: 3, more: true });
    expect(ids(hold(traces('cb'), traces('zyx')).shown)).toBe('cb');
  });
});
