import { describe, expect, it } from 'vitest';
import { parseCondition, writeCondition } from './condition';
import { SEARCH, toRequest } from './trace-search';
import { parseWindow, readTraceId, TRACE, writeWindow } from './trace-view';
import { parseQuery, writeQuery } from './url';
import { readView, writeView } from './view';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('search page address', () => {
  const full =
    '?service=cart&operation=GET+/cart&kind=server&status=error&attr=http.response.status_code>%3D500&attr=!db.system.name' +
    '&errors=true&minDuration=10ms&maxTraceDuration=2m30s&from=now-6h';

  it('survives reading and writing', () => {
    const { state, ignored } = readView(SEARCH, parseQuery(full), NOW);
    expect(ignored).toEqual([]);
    const again = readView(SEARCH, parseQuery(writeQuery(writeView(SEARCH, state))), NOW);
    expect(again).toEqual({ state, ignored: [] });
    expect(state.attr).toEqual(['http.response.status_code>=500', '!db.system.name']);
  });

  it('is what the API takes', () => {
    const { state } = readView(SEARCH, parseQuery(full), NOW);
    expect(toRequest(state)).toEqual({
      service: 'cart',
      operation: 'GET /cart',
      kind: 'server',
      status: 'error',
      attr: ['http.response.status_code>=500', '!db.system.name'],
      errors: true,
      minDuration: '10ms',
      maxTraceDuration: '2m30s',
      from: 'now-6h',
    });
  });

  it('leaves defaults out', () => {
    const { state } = readView(SEARCH, parseQuery('?from=now-1h&to=now&errors=false'), NOW);
    expect(writeQuery(writeView(SEARCH, state))).toBe('');
    expect(toRequest(state)).toEqual({ from: 'now-1h' });
  });

  it('falls back and names what it did not understand', () => {
    const bad =
      '?kind=robot&status=fine&attr=%3D5&attr=a%3D1&minDuration=fast&errors=maybe&from=now&to=now-1h&colour=red';
    const { state, ignored } = readView(SEARCH, parseQuery(bad), NOW);
    expect(state).toEqual({ attr: ['a=1'] });
    expect(ignored).toEqual(['colour', 'kind', 'status', 'errors', 'attr', 'minDuration', 'from', 'to']);
  });

  it('reads well', () => {
    expect(writeQuery({ attr: ['url.path=/a/b', 'n>=5'], from: 'now-6h' })).toBe(
      '?attr=url.path%3D/a/b&attr=n%3E%3D5&from=now-6h',
    );
  });
});

describe('conditions', () => {
  for (const text of [
    'a=1',
    'a!=b c',
    'a>1',
    'a>=1.5',
    'a<1',
    'a<=1',
    'a',
    '!a',
    '"odd key"="a \\"b\\""',
    'k=""',
    'k==x',
    '@duration>1.5s',
  ]) {
    it(`round trip of ${text}`, () => {
      const condition = parseCondition(text);
      expect(condition).toBeDefined();
      if (condition) expect(parseCondition(writeCondition(condition))).toEqual(condition);
    });
  }

  it('refuses nonsense', () => {
    for (const text of ['', '=', '=1', '!', '!a=1', 'a=', '"open', 'a ? b'])
      expect(parseCondition(text), text).toBeUndefined();
  });

  it('any text survives as key or value', () => {
    const odd = ['x', ' ', '"', '\\', 'a=b', '!a', '<>', 'ключ', '键', 'a\nb', '>=', ' lead', 'trail '];
    for (const key of odd) {
      for (const value of [...odd, '']) {
        const condition = { key, operator: '=' as const, value };
        expect(parseCondition(writeCondition(condition)), JSON.stringify(condition)).toEqual(condition);
      }
    }
  });
});

describe('trace page address', () => {
  it('reads span, zoom and tab', () => {
    expect(readView(TRACE, parseQuery('?s=51581BF3CB55C13&z=120ms-3.4s&tab=logs'), NOW)).toEqual({
      state: { s: '051581bf3cb55c13', z: '120ms-3.4s', tab: 'logs' },
      ignored: [],
    });
  });

  it('names what it does not understand', () => {
    expect(readView(TRACE, parseQuery('?s=xyz&z=3s-1s&tab=money&v=2&w=1'), NOW)).toEqual({
      state: {},
      ignored: ['w', 's', 'z', 'tab', 'v'],
    });
  });

  it('writes windows to a thousandth of their width', () => {
    expect(writeWindow({ from: 16_939_739.4, to: 252_139_739.4 })).toBe('16.9ms-252.1ms');
    expect(writeWindow({ from: 1_000_000_100, to: 1_000_000_200 })).toBe('1000000.1us-1000000.2us');
    for (const window of [
      { from: 0, to: 1 },
      { from: 120_000_000, to: 3_400_000_000 },
    ]) {
      expect(parseWindow(writeWindow(window))).toEqual(window);
    }
  });

  it('finds a trace id in what people paste', () => {
    const id = '5b8aa5a2d2c872e8321cf37308d69df2';
    expect(readTraceId(` ${id.toUpperCase()} `)).toBe(id);
    expect(readTraceId(`http://127.0.0.1:16686/obs/trace/${id}?s=1`)).toBe(id);
    expect(readTraceId('1f')).toBe('0000000000000000000000000000001f');
    for (const bad of ['', '0', 'xyz', `${id}0`, 'cart']) expect(readTraceId(bad), bad).toBeUndefined();
  });
});
