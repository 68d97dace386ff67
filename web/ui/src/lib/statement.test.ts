import { describe, expect, it } from 'vitest';
import { formatSql, tokenize } from './sql';
import { hasLiterals, readStatement, statementText } from './statement';

const masked = (text: string, system = '') => statementText(readStatement(text, system), true);
const shown = (text: string, system = '') => statementText(readStatement(text, system), false);

describe('tokenize', () => {
  it('loses nothing, whatever the text', () => {
    for (const text of [
      '',
      "select 'it''s', $$a'b$$, $x$ $$ $x$, E'\\'', 0x1F, 1.5e-3, .5 from t -- end",
      "select 'never closed",
      '/* never closed',
      '\u0000\ud800 "open',
      'SELECT * FROM `订单` WHERE 名称 = :名 AND a::int > $1',
    ])
      for (const system of ['', 'mysql', 'postgresql', 'microsoft.sql_server'])
        expect(
          tokenize(text, system)
            .map((t) => t.text)
            .join(''),
          text,
        ).toBe(text);
  });

  it('takes a megabyte in a moment', () => {
    const text = `insert into t values ${"(1, 'x', now()), ".repeat(60_000)}`;
    const began = performance.now();
    expect(tokenize(text).length).toBeGreaterThan(500_000);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('mask', () => {
  it('covers every kind of literal and nothing else', () => {
    expect(masked("SELECT name FROM t2 WHERE id = 42 AND x = 'Zhang''s' AND p = $1")).toBe(
      'SELECT name\nFROM t2\nWHERE id = ?\n  AND x = ?\n  AND p = $1',
    );
    expect(masked("select $a$secret$a$, E'sec\\'ret', x'ff', -7, 1e9, a-7, true")).toBe(
      'select ?, ?, ?, ?, ?, a - ?, true',
    );
  });

  it('knows what a double quote and a backslash mean to whom', () => {
    expect(masked('select "a" from "b"', 'postgresql')).toBe('select "a"\nfrom "b"');
    expect(masked('select "a" from b', 'mysql')).toBe('select ?\nfrom b');
    expect(masked("select 'a\\' or', b", 'mysql')).toBe('select ?, b');
    expect(masked("select 'a\\', b", 'postgresql')).toBe('select ?, b');
  });

  it('leaves what never closes covered', () => {
    expect(masked("select 'secret and more")).toBe('select ?');
  });

  it('says whether there is anything to cover', () => {
    expect(hasLiterals(readStatement('select a from b where c = ?', ''))).toBe(false);
    expect(hasLiterals(readStatement('select 1', ''))).toBe(true);
  });
});

describe('layout', () => {
  it('has a line for each clause, conditions further in, and subqueries deeper', () => {
    expect(
      shown(
        'select a, count(*) from x left outer join y on x.id=y.id where a between ? and ? and b in (select c from z where d=?) group by a order by 2 desc limit ?',
      ),
    ).toBe(
      [
        'select a, count(*)',
        'from x',
        'left outer join y on x.id = y.id',
        'where a between ? and ?',
        '  and b in (',
        '  select c',
        '  from z',
        '  where d = ?',
        ')',
        'group by a',
        'order by ? desc'.replace('?', '2'),
        'limit ?',
      ].join('\n'),
    );
    expect(shown('delete from t where a = ?')).toBe('delete from t\nwhere a = ?');
    expect(shown('insert into t(a) values (?, ?) on conflict (a) do nothing')).toBe(
      'insert into t(a)\nvalues (?, ?)\non conflict (a) do nothing',
    );
  });

  it('keeps a line comment from taking what follows', () => {
    expect(
      formatSql(tokenize('select 1 -- one\nfrom t'))
        .map((t) => t.text)
        .join(''),
    ).toBe('select 1 -- one\nfrom t');
  });
});

describe('other languages', () => {
  it('indents JSON and covers its values', () => {
    expect(masked('{"find":"users","filter":{"age":{"$gt":30},"on":true}}', 'mongodb')).toBe(
      '{\n  "find": ?,\n  "filter": {\n    "age": {\n      "$gt": ?\n    },\n    "on": true\n  }\n}',
    );
  });

  it('shows the key of a command and covers what is stored', () => {
    expect(masked('SET user:1 secret EX 60', 'redis')).toBe('SET user:1 ? ? ?');
    expect(masked('GET user:1', 'redis')).toBe('GET user:1');
  });
});
