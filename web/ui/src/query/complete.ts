import { parseCondition } from '../lib/condition';
import type { Op } from './tree';
import { writeComparison } from './write';

/**
 * The condition that is being written at the caret: where what replaces it begins, and what is written of it, as the chips'
 * field would hold it.
 */
export type Fragment = { from: number; typed: string; field?: string };

const TOKEN = /"(?:[^"\\]|\\.)*"?|`[^`]*`?|&&|\|\||>>|<<|[(){}]|[^\s"`(){}&|<>]+|[<>&|]|\s+/gsy;

/** In a list of values, field is what they belong to and typed the last of them. */
export function fragmentAt(text: string, caret: number): Fragment {
  const before = text.slice(0, caret);
  let from = 0;
  let words: string[] = [];
  let field: string | undefined;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(before); token; token = TOKEN.exec(before)) {
    const [said] = token;
    const start = token.index + said.length;
    const word = said.toLowerCase();
    if (word === '(' && words.at(-1) === 'in') field = words.at(-2);
    else if (word === ')') field = undefined;
    if (/^(and|or|not|&&|\|\||>>|<<|[(){}])$/.test(word)) {
      from = start;
      words = [];
    } else if (field !== undefined && said.endsWith(',')) from = start;
    else if (said.trim() !== '') words.push(said);
    if (words.length === 0 && said.trim() === '') from = start;
  }
  if (field !== undefined) {
    const start = from + (/^\s*/.exec(before.slice(from))?.[0].length ?? 0);
    return { from: start, typed: `${field}=${before.slice(start)}`, field };
  }
  return { from, typed: before.slice(from) };
}

/** The text with what was offered in place of the fragment, and where the caret goes. */
export function completed(
  text: string,
  caret: number,
  fragment: Fragment,
  offered: { text: string; whole: boolean },
): { text: string; caret: number } {
  const condition = offered.whole ? parseCondition(offered.text) : undefined;
  let written = offered.text;
  if (condition) {
    const { key, operator, value } = condition;
    const op = (operator === 'missing' ? 'not-exists' : operator) as Op;
    const whole = writeComparison({
      field: key,
      op,
      ...(op !== 'exists' && op !== 'not-exists' && { value: /^[<>]/.test(op) ? numberIn(value) : value }),
    });
    written = `${fragment.field === undefined ? whole : whole.slice(whole.indexOf(' = ') + 3)} `;
  }
  const before = text.slice(0, fragment.from) + written;
  return { text: before + text.slice(caret).trimStart(), caret: before.length };
}

const numberIn = (text: string) =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
