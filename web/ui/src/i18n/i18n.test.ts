import { describe, expect, it } from 'vitest';
import { CATALOGUES } from '.';

function flatten(node: object, path = ''): [string, string][] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flatten(value, `${path}${key}.`),
  );
}

const en = new Map(flatten(CATALOGUES.en));
const zh = new Map(flatten(CATALOGUES['zh-CN']));
const variables = (text: string) => [...text.matchAll(/{{(\w+)(?:, number)?}}/g)].map((m) => m[1]).sort();

// Names and code that are the same in every language.
const SAME = [
  'footer.version',
  'query.hint',
  'search.durationHint',
  'palette.toChinese',
  'palette.toEnglish',
];

describe('catalogues', () => {
  it('have the same keys', () => {
    expect([...zh.keys()]).toEqual([...en.keys()]);
  });

  it('use the same variables', () => {
    for (const [key, text] of en) expect(variables(zh.get(key) ?? ''), key).toEqual(variables(text));
  });

  it('are translated', () => {
    for (const [key, text] of en) {
      const translated = zh.get(key) ?? '';
      if (SAME.includes(key)) expect(translated, key).toBe(text);
      else
        expect(/\p{Script=Han}/u.test(translated) || text.endsWith(' id') || key === 'span.spanId', key).toBe(
          true,
        );
    }
  });

  it('hold no empty text', () => {
    for (const catalogue of [en, zh])
      for (const [key, text] of catalogue) expect(text.trim(), key).not.toBe('');
  });
});
