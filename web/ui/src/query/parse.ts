import { ALIASES, checkField, isWholeTrace, type Reason, readValue } from './fields';
import { fail, Lexer, type Place, QueryProblem, type Word } from './lexer';
import {
  type Comparison,
  type Expr,
  isComparison,
  isStructure,
  MOST_DEPTH,
  MOST_NODES,
  MOST_TEXT,
  MOST_VALUES,
  type Op,
  type Query,
  RELATIONS,
  type Structure,
  type Value,
} from './tree';

export type Parsed = { query: Query } | { problem: { place: Place; reason: Reason } };

type Node = Expr | Structure;

const SIGNS = ['!=', '!~', '=~', '>=', '<=', '=', '>', '<'] as const;

/**
 * Reads a query: comparisons joined by and, or, not and brackets, and a structure such as {service=web} >> {@error=true}.
 * Anything that the API would refuse is refused here, with its place, as far as this side can know.
 */
export function parseQuery(text: string): Parsed {
  try {
    if (text.length > MOST_TEXT) fail(MOST_TEXT, text.length, { why: 'long', most: MOST_TEXT });
    return { query: new Parser(text).query() };
  } catch (error) {
    if (error instanceof QueryProblem) return { problem: { place: error.place, reason: error.reason } };
    throw error;
  }
}

class Parser {
  private readonly lexer: Lexer;
  private readonly places = new Map<Node, Place>();
  private depth = 0;

  constructor(text: string) {
    this.lexer = new Lexer(text);
  }

  query(): Query {
    const { lexer } = this;
    if (lexer.ended) return [];
    const node = this.either();
    if (!lexer.ended) this.refuseRest();
    const list: Query = 'and' in node ? node.and : [node];
    const found: { structure?: Structure } = {};
    const left = { nodes: MOST_NODES };
    for (const one of list) {
      if (isStructure(one)) {
        if (found.structure) this.refuse(one, { why: 'structureTwice' });
        found.structure = one;
        this.checkInside(one.a, left);
        this.checkInside(one.b, left);
      } else if (!isComparison(one) || !isWholeTrace(one.field)) this.checkInside(one, left);
    }
    return list;
  }

  private refuse(node: Node, reason: Reason): never {
    const { at, end } = this.places.get(node) ?? { at: 0, end: 0 };
    return fail(at, end, reason);
  }

  /** Below or, not and a structure stand conditions on one span only. Depth is bounded by what was read. */
  private checkInside(node: Node, left: { nodes: number }): void {
    if (--left.nodes < 0) this.refuse(node, { why: 'many', most: MOST_NODES });
    if (isStructure(node)) this.refuse(node, { why: 'structureInside' });
    else if (isComparison(node)) {
      if (isWholeTrace(node.field)) this.refuse(node, { why: 'wholeTrace', field: node.field });
    } else if ('not' in node) this.checkInside(node.not, left);
    else for (const part of 'and' in node ? node.and : node.or) this.checkInside(part, left);
  }

  private refuseRest(): never {
    const { lexer } = this;
    const at = lexer.at;
    const c = lexer.text[at] ?? '';
    if (c === ')' || c === '}') return fail(at, at + 1, { why: 'unopened', found: c });
    const found = lexer.peekWord() || c;
    return fail(at, at + found.length, { why: 'join', found });
  }

  private either(): Node {
    return this.list('or', '||', () => this.both());
  }

  private both(): Node {
    return this.list('and', '&&', () => this.negated());
  }

  private list(word: 'and' | 'or', sign: string, part: () => Node): Node {
    const { lexer } = this;
    lexer.skip();
    const at = lexer.at;
    const first = part();
    const parts: Node[] = [first];
    while (lexer.keyword(word) || lexer.sign(sign)) parts.push(part());
    if (parts.length === 1) return first;
    // A bracket around the same joint says nothing. A structure among them is refused or lifted later.
    const flat = parts.flatMap((one) =>
      word in one ? (one as Record<string, Expr[]>)[word] : one,
    ) as Expr[];
    return this.placed(word === 'and' ? { and: flat } : { or: flat }, at);
  }

  private negated(): Node {
    const { lexer } = this;
    lexer.skip();
    const at = lexer.at;
    if (!lexer.keyword('not') && !lexer.sign('!')) return this.related();
    return this.nested(at, () => {
      const of = this.negated();
      if (isComparison(of) && of.op === 'exists' && checkField(of.field, 'not-exists') === undefined)
        return this.placed({ ...of, op: 'not-exists' as const }, at);
      return this.placed({ not: of as Expr }, at);
    });
  }

  private nested<T>(at: number, read: () => T): T {
    if (++this.depth > MOST_DEPTH) fail(at, at + 1, { why: 'deep', most: MOST_DEPTH });
    const node = read();
    this.depth--;
    return node;
  }

  private related(): Node {
    const { lexer } = this;
    lexer.skip();
    const at = lexer.at;
    const a = this.primary();
    const op = lexer.sign(...RELATIONS);
    if (!op) return a;
    const b = this.primary();
    const node = this.placed({ a: a as Expr, op, b: b as Expr }, at);
    const more = lexer.at;
    const next = lexer.sign(...RELATIONS);
    if (next) fail(lexer.at - next.length, lexer.at, { why: 'structureTwice' });
    lexer.at = more;
    return node;
  }

  private primary(): Node {
    const { lexer } = this;
    const open = lexer.sign('(', '{');
    if (!open) return this.comparison();
    const at = lexer.at - 1;
    return this.nested(at, () => {
      const node = this.either();
      const close = open === '(' ? ')' : '}';
      if (!lexer.sign(close)) {
        if (lexer.ended) fail(at, at + 1, { why: 'unclosed', found: open });
        this.refuseRest();
      }
      return node;
    });
  }

  private comparison(): Comparison {
    const { lexer } = this;
    const word = lexer.field();
    if (!word || (!word.quoted && /^(and|or|not|in|exists)$/i.test(word.text))) {
      const at = word?.at ?? lexer.at;
      return fail(at, word?.end ?? Math.min(at + 1, lexer.text.length), { why: 'field' });
    }
    const { field, scope } = named(word);
    const known = checkField(field);
    if (known) return fail(word.at, word.end, known);
    const base = { field, ...(scope && { scope }) };
    const before = lexer.at;
    const op = this.operator(word);
    const bad = checkField(field, op);
    if (bad) return fail(before === lexer.at ? word.at : before, Math.max(lexer.at, word.end), bad);
    if (op === 'exists' || op === 'not-exists') return this.placed({ ...base, op }, word.at);
    if (op === 'in') return this.placed({ ...base, op, value: this.values(field) }, word.at);
    return this.placed({ ...base, op, value: this.value(field, op) }, word.at);
  }

  /** What compares; nothing says that the field is there. */
  private operator(word: Word): Op {
    const { lexer } = this;
    if (lexer.keyword('exists')) return 'exists';
    if (lexer.keyword('in')) return 'in';
    const before = lexer.at;
    if (lexer.keyword('not')) {
      if (lexer.keyword('exists')) return 'not-exists';
      return fail(before, lexer.at, { why: 'join', found: 'not' });
    }
    lexer.skip();
    const two = lexer.text.slice(lexer.at, lexer.at + 2);
    if (two === '>>' || two === '<<') return 'exists';
    if (two.startsWith('~')) return fail(lexer.at, lexer.at + 1, { why: 'tilde', field: word.text });
    const sign = lexer.sign(...SIGNS);
    if (sign === '=' && lexer.sign('=')) return fail(lexer.at - 2, lexer.at, { why: 'equals' });
    return sign ?? 'exists';
  }

  private value(field: string, op: Op): Value {
    const { lexer } = this;
    const word = lexer.value();
    if (!word) return fail(lexer.at, Math.min(lexer.at + 1, lexer.text.length), { why: 'value', op });
    const read = readValue(field, op, word.text, word.quoted);
    return 'reason' in read ? fail(word.at, word.end, read.reason) : read.value;
  }

  private values(field: string): Value[] {
    const { lexer } = this;
    if (!lexer.sign('(')) return fail(lexer.at, Math.min(lexer.at + 1, lexer.text.length), { why: 'list' });
    const at = lexer.at - 1;
    const values = [this.value(field, 'in')];
    while (lexer.sign(',')) values.push(this.value(field, 'in'));
    if (!lexer.sign(')')) {
      if (lexer.ended) fail(at, at + 1, { why: 'unclosed', found: '(' });
      fail(lexer.at, lexer.at + 1, { why: 'list' });
    }
    if (values.length > MOST_VALUES) fail(at, lexer.at, { why: 'values', most: MOST_VALUES });
    return values;
  }

  private placed<T extends Node>(node: T, at: number): T {
    this.places.set(node, { at, end: this.lexer.at });
    return node;
  }
}

/** A name may say where the attribute is looked up, and may be a short one, when it is not quoted. */
function named({ text, quoted }: Word): { field: string; scope?: 'span' | 'resource' } {
  if (quoted) return { field: text };
  const scoped = /^(span|resource):(.+)$/s.exec(text);
  if (scoped) return { field: scoped[2] ?? '', scope: scoped[1] as 'span' | 'resource' };
  return { field: ALIASES[text] ?? text };
}
