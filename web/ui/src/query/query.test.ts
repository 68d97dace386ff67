import { describe, expect, it } from 'vitest';
import { toRequest } from '../lib/trace-search';
import { fromChips, readQuery, toChips } from './chips';
import { parseQuery } from './parse';
import { type Query, toParams } from './tree';
import { readCondition } from './typed';
import { writeQueryText } from './write';

const read = (text: string): Query => {
  const parsed = parseQuery(text);
  if ('problem' in parsed) throw new Error(`${text}: ${JSON.stringify(parsed.problem)}`);
  return parsed.query;
};
const where = (text: string) => JSON.parse(toParams(read(text)).where ?? 'null');

describe('the language', () => {
  const trees: [string, unknown][] = [
    ['a = 1', { field: 'a', op: '=', value: '1' }],
    ['a > 1', { field: 'a', op: '>', value: 1 }],
    ['a > "1"', { field: 'a', op: '>', value: '1' }],
    ['service=cart', { field: '@service', op: '=', value: 'cart' }],
    ['"service"=cart', { field: 'service', op: '=', value: 'cart' }],
    ['http.route', { field: 'http.route', op: 'exists' }],
    ['!http.route', { field: 'http.route', op: 'not-exists' }],
    ['not http.route exists', { field: 'http.route', op: 'not-exists' }],
    ['http.route not exists', { field: 'http.route', op: 'not-exists' }],
    ['not a = 1', { not: { field: 'a', op: '=', value: '1' } }],
    ['duration >= 1500ms', { field: '@duration', op: '>=', value: '1.5s' }],
    ['http.route = /orders/{id}', { field: 'http.route', op: '=', value: '/orders/{id}' }],
    ['(url = f(x))', { field: 'url', op: '=', value: 'f(x)' }],
    ['a =~ ^v[12]$', { field: 'a', op: '=~', value: '^v[12]$' }],
    ['a !~ `\\d+`', { field: 'a', op: '!~', value: '\\d+' }],
    ['a in (1, "x y", z)', { field: 'a', op: 'in', value: ['1', 'x y', 'z'] }],
    ['span:a = 1', { field: 'a', op: '=', value: '1', scope: 'span' }],
    ['resource:"a b" exists', { field: 'a b', op: 'exists', scope: 'resource' }],
    [
      'a = 1 and b = 2 or not c = 3',
      {
        or: [
          {
            and: [
              { field: 'a', op: '=', value: '1' },
              { field: 'b', op: '=', value: '2' },
            ],
          },
          { not: { field: 'c', op: '=', value: '3' } },
        ],
      },
    ],
    [
      'a = 1 && (b = 2 || c = 3)',
      {
        and: [
          { field: 'a', op: '=', value: '1' },
          {
            or: [
              { field: 'b', op: '=', value: '2' },
              { field: 'c', op: '=', value: '3' },
            ],
          },
        ],
      },
    ],
  ];
  for (const [text, tree] of trees) {
    it(`reads ${text}, and what is written of it`, () => {
      expect(where(text)).toEqual(tree);
      expect(read(writeQueryText(read(text)))).toEqual(read(text));
    });
  }

  for (const [text, op] of [
    ['service = a >> service = b', '>>'],
    ['{service = a} > {service = b and error.type}', '>'],
    ['(service = a) ~ (service = b)', '~'],
    ['service=a << service=b', '<<'],
    ['service=a<service=b', '<'],
  ] as const) {
    it(`reads the structure ${text}`, () => {
      const params = toParams(read(text));
      const structure = JSON.parse(params.structure ?? 'null');
      expect(structure).toMatchObject({ op, a: { field: '@service', op: '=', value: 'a' } });
      expect(params.where).toBeUndefined();
      expect(read(writeQueryText(read(text)))).toEqual(read(text));
    });
  }

  it('joins a structure and conditions on the whole trace by and', () => {
    const params = toParams(
      read('{a = 1} >> {b = 2} and c = 3 and trace.duration > 1s and @trace.error = true'),
    );
    expect(JSON.parse(params.structure ?? '')).toMatchObject({ op: '>>' });
    expect(params.errors).toBe(true);
    expect(JSON.parse(params.where ?? '')).toEqual({
      and: [
        { field: 'c', op: '=', value: '3' },
        { field: '@trace.duration', op: '>', value: '1s' },
      ],
    });
  });
});

describe('what is wrong', () => {
  const problems: [string, string, number, number][] = [
    ['a = ', 'value', 4, 4],
    ['a = 1 b = 2', 'join', 6, 7],
    ['a = 1 and', 'field', 9, 9],
    ['(a = 1', 'unclosed', 0, 1],
    ['a = 1)', 'unopened', 5, 6],
    ['a = "x', 'quote', 4, 6],
    ['a = "\\q"', 'escape', 4, 8],
    ['a ~ x', 'tilde', 2, 3],
    ['a == x', 'equals', 2, 4],
    ['@colour = red', 'unknownField', 0, 7],
    ['@kind > server', 'operators', 5, 7],
    ['@kind = robot', 'oneOf', 8, 13],
    ['@duration > fast', 'duration', 12, 16],
    ['a =~ (', 'pattern', 5, 6],
    ['a =~ "x(?=y)"', 'patternLook', 5, 13],
    ['a in 1', 'list', 5, 6],
    ['a in (1', 'unclosed', 5, 6],
    ['a = 1 or @trace.duration > 1s', 'wholeTrace', 9, 29],
    ['a = 1 or {a = 1} >> {b = 2}', 'structureInside', 9, 27],
    ['not ({a = 1} > {b = 2})', 'structureInside', 5, 22],
    ['{a = 1} > {b = 2} and {a = 1} > {c = 2}', 'structureTwice', 22, 39],
    ['{a = 1} > {b = 2} > {c = 2}', 'structureTwice', 18, 19],
    [`${'not '.repeat(20)}a`, 'deep', 56, 57],
    [Array(200).fill('a = 1').join(' or '), 'many', 1701, 1706],
  ];
  for (const [text, why, at, end] of problems) {
    it(`${text.slice(0, 40)}: ${why}`, () => {
      const parsed = parseQuery(text);
      expect(parsed).toMatchObject({ problem: { reason: { why }, place: { at, end } } });
    });
  }

  it('finds every prefix of a query either whole or faulty, and never fails itself', () => {
    const text = '{service = "a b"} >> {not (x in (1, 2) or y =~ `\\d`)} and trace.duration >= 1s';
    for (let i = 0; i <= text.length; i++) expect(parseQuery(text.slice(0, i))).toBeTypeOf('object');
  });
});

describe('chips and text', () => {
  const state = {
    service: 'cart',
    operation: 'GET /cart',
    status: 'error' as const,
    attr: ['http.response.status_code>=500', '!db.system.name', '@event=exception', 'service=x y'],
    minDuration: '10ms',
    maxTraceDuration: '2.5s',
    errors: true,
    q: '(a = 1 or b = 2) and {c = 3} >> {d = 4}',
  };

  it('are the same conditions', () => {
    const text = writeQueryText(fromChips(state));
    expect(toChips(read(text))).toMatchObject(state);
  });

  it('keeps a second value of a field apart, and what no chip can say in q', () => {
    const chips = toChips(read('service=a and service=b and c =~ x and trace.duration > 1s'));
    expect(chips).toMatchObject({
      service: 'a',
      attr: ['@service=b'],
      q: 'c =~ x and @trace.duration > 1s',
    });
  });

  it('become one request', () => {
    expect(toRequest({ service: 'cart', q: 'a = 1 or b = 2' })).toEqual({
      service: 'cart',
      from: 'now-1h',
      where: '{"or":[{"field":"a","op":"=","value":"1"},{"field":"b","op":"=","value":"2"}]}',
    });
  });

  it('a tree typed among the chips goes to q, a value with a word of the language does not', () => {
    expect(readCondition('a=1 or b=2', { q: 'c =~ x' })).toEqual({ q: 'c =~ x and (a = 1 or b = 2)' });
    expect(readCondition('@name=this or that', {})).toEqual({ operation: 'this or that' });
    expect(readQuery('a = ')).toEqual([]);
  });
});
