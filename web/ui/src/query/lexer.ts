import type { Reason } from './fields';

/** A stretch of the text, half-open, in UTF-16 units. */
export type Place = { at: number; end: number };

/** What is wrong with a query, and where. */
export class QueryProblem extends Error {
  constructor(
    readonly place: Place,
    readonly reason: Reason,
  ) {
    super(reason.why);
  }
}

export const fail = (at: number, end: number, reason: Reason): never => {
  throw new QueryProblem({ at, end }, reason);
};

export type Word = Place & { text: string; quoted: boolean };

const WORD_STOPS = /[\s"'`=!<>~(){},&|]/;
const CLOSED: Record<string, string> = { '(': ')', '{': '}' };

/** Reads a query from left to right: what is a field, an operator or a value only the grammar knows. */
export class Lexer {
  at = 0;
  constructor(readonly text: string) {}

  skip(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  get ended(): boolean {
    this.skip();
    return this.at >= this.text.length;
  }

  /** Takes one of the signs if it comes next; of several that do, the one named first. */
  sign<T extends string>(...signs: T[]): T | undefined {
    this.skip();
    const found = signs.find((sign) => this.text.startsWith(sign, this.at));
    if (found) this.at += found.length;
    return found;
  }

  /** The word that comes next, in lower case, without taking it. */
  peekWord(): string {
    this.skip();
    let end = this.at;
    while (end < this.text.length && !WORD_STOPS.test(this.text[end] ?? '')) end++;
    return this.text.slice(this.at, end).toLowerCase();
  }

  keyword(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.at += word.length;
    return true;
  }

  /** A field's name, quoted or not. */
  field(): Word | undefined {
    this.skip();
    const quoted = this.quotation();
    if (quoted) return quoted;
    const at = this.at;
    const length = this.peekWord().length;
    if (length === 0) return undefined;
    this.at += length;
    const text = this.text.slice(at, this.at);
    // A scope may stand before a quoted name.
    const name = /^(span|resource):$/.test(text) ? this.quotation() : undefined;
    return name
      ? { at, end: this.at, text: text + name.text, quoted: false }
      : { at, end: this.at, text, quoted: false };
  }

  /** A value: quoted, or up to a space or to a bracket that it did not open itself, as in /orders/{id}. */
  value(): Word | undefined {
    this.skip();
    const quoted = this.quotation();
    if (quoted) return quoted;
    const at = this.at;
    const open: string[] = [];
    while (this.at < this.text.length) {
      const c = this.text[this.at] ?? '';
      const pair = this.text.slice(this.at, this.at + 2);
      if (/[\s"`<>]/.test(c) || pair === '&&' || pair === '||') break;
      const closing = CLOSED[c];
      if (closing) open.push(closing);
      else if (c === ')' || c === '}') {
        if (open.at(-1) !== c) break;
        open.pop();
      } else if (c === ',' && open.length === 0) break;
      this.at++;
    }
    return this.at === at
      ? undefined
      : { at, end: this.at, text: this.text.slice(at, this.at), quoted: false };
  }

  /** Text in double quotes with JSON's escapes, or in backquotes as it stands. */
  private quotation(): Word | undefined {
    const at = this.at;
    const mark = this.text[at];
    if (mark !== '"' && mark !== '`') return undefined;
    const found = (mark === '"' ? /^"(?:[^"\\]|\\.)*"/s : /^`[^`]*`/).exec(this.text.slice(at));
    if (!found) return fail(at, this.text.length, { why: 'quote', mark });
    this.at += found[0].length;
    if (mark === '`') return { at, end: this.at, text: found[0].slice(1, -1), quoted: true };
    try {
      return { at, end: this.at, text: String(JSON.parse(found[0])), quoted: true };
    } catch {
      return fail(at, this.at, { why: 'escape' });
    }
  }
}
