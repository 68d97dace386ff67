import { describe, expect, it } from 'vitest';
import { readCondition, readTyped } from './typed';

describe('typed conditions', () => {
  it('go to the field of the address that is theirs', () => {
    expect(readCondition('service=cart', {})).toEqual({ service: 'cart' });
    expect(readCondition('operation = GET /cart', {})).toEqual({ operation: 'GET /cart' });
    expect(readCondition('@kind=server', {})).toEqual({ kind: 'server' });
    expect(readCondition('status=error', {})).toEqual({ status: 'error' });
    expect(readCondition('@trace.duration>=1.5s', {})).toEqual({ minTraceDuration: '1.5s' });
    expect(readCondition('trace.duration<2m', {})).toEqual({ maxTraceDuration: '120s' });
  });

  it('are attributes otherwise, each once', () => {
    const search = { attr: ['k=v'] };
    expect(readCondition('n>=5', search)).toEqual({ attr: ['k=v', 'n>=5'] });
    expect(readCondition('k = v', search)).toEqual({ attr: ['k=v'] });
    expect(readCondition('k', {})).toEqual({ attr: ['k'] });
    expect(readCondition('!k', {})).toEqual({ attr: ['!k'] });
    expect(readCondition('duration>1s', {})).toEqual({ attr: ['@duration>1s'] });
    expect(readCondition('service!=cart', {})).toEqual({ attr: ['@service!=cart'] });
    expect(readCondition('@kind=robot', {})).toEqual({ attr: ['@kind=robot'] });
  });

  it('say what is wrong with them', () => {
    expect(readCondition(' ', {})).toBe('empty');
    expect(readCondition('=5', {})).toBe('malformed');
    expect(readCondition('n>many', {})).toBe('number');
    expect(readCondition('@duration>soon', {})).toBe('number');
    expect(readCondition('@trace.duration=1s', {})).toBe('traceDuration');
  });

  it('are read as far as they go', () => {
    expect(readTyped('http.re')).toEqual({ stage: 'key', key: 'http.re', negated: false });
    expect(readTyped('!db')).toEqual({ stage: 'key', key: 'db', negated: true });
    expect(readTyped('service=ca')).toEqual({ stage: 'value', key: '@service', operator: '=', value: 'ca' });
    expect(readTyped('"odd key">=')).toEqual({ stage: 'value', key: '"odd key"', operator: '>=', value: '' });
  });
});
