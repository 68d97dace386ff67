/** What a part of a statement is. A literal is what may hold somebody's data. */
export type TokenKind = 'keyword' | 'name' | 'literal' | 'parameter' | 'comment' | 'mark' | 'space';

export type Token = { kind: TokenKind; text: string };

const KEYWORDS = new Set(
  `add all alter and any as asc begin between by cascade case cast check collate column commit conflict constraint create
  cross current database default delete desc describe distinct do drop else end escape except exists explain explode false
  fetch final first following for foreign from full function glob grant group having if ignore ilike in index inner insert
  intersect interval into is isnull join key last lateral left like limit lock materialized merge natural not nothing
  notnull null nulls of offset on only or order outer over partition pragma preceding prewhere primary range recursive
  references regexp release rename replace returning revoke right rollback row rows savepoint select set settings similar
  skip some start table temp temporary then ties to transaction trigger true truncate unbounded union unique update using
  values view when where window with without`.split(/\s+/),
);

const BACKSLASHES = /mysql|mariadb|clickhouse|bigquery|databricks|spark|hive/;
const QUOTED_TEXT = /mysql|mariadb|bigquery|databricks|spark|hive/;

/**
 * Splits a statement. It never fails: whatever it does not know is a mark, and an end that is missing is the text's end.
 * system is the database as db.system.name has it, since they differ in what a quote and a backslash mean.
 */
export function tokenize(text: string, system = ''): Token[] {
  const backslash = BACKSLASHES.test(system);
  const string = backslash ? String.raw`'(?:[^'\\]|\\.|'')*(?:'|$)` : "'(?:[^']|'')*(?:'|$)";
  const rules: [TokenKind, string][] = [
    ['space', String.raw`\s+`],
    ['comment', String.raw`--[^\n]*|/\*[\s\S]*?(?:\*/|$)`],
    // PostgreSQL's E'' has backslashes whatever the server is set to; $x$ … $x$ is text without any.
    [
      'literal',
      String.raw`[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|(?:[nNbBxX]|[uU]&)?${string}|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)`,
    ],
    [QUOTED_TEXT.test(system) ? 'literal' : 'name', String.raw`"(?:[^"\\]|\\.|"")*(?:"|$)`],
    ['name', String.raw`\x60(?:[^\x60]|\x60\x60)*(?:\x60|$)`],
    ...(/mssql|sql_server|sqlserver|access/.test(system)
      ? ([['name', String.raw`\[[^\]]*(?:\]|$)`]] as [TokenKind, string][])
      : []),
    ['parameter', String.raw`\?\d*|\$\d+|%s|%\(\w+\)s|\{\w+:\w+\}|(?<![\w:]):\w+|@@?\w+`],
    [
      'literal',
      String.raw`0[xX][\da-fA-F]+|(?<![\w.])(?:(?<=[=<>(,]\s*)-)?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|(?<!\w)\.\d+`,
    ],
    ['name', String.raw`[\p{L}_][\p{L}\p{N}_$]*`],
    ['mark', String.raw`::|<>|[<>!=|&:-][=>|&]+|[\s\S]`],
  ];
  // The only group inside is the tag of $x$ … $x$; each rule is found by its name.
  const pattern = new RegExp(
    rules
      .map(([, rule], i) => `(?<r${i}>${rule})`)
      .join('|')
      .replace(/\\1/g, '\\k<tag>')
      .replace('(\\w*)\\$', '(?<tag>\\w*)\\$'),
    'gu',
  );
  const tokens: Token[] = [];
  for (const match of text.matchAll(pattern)) {
    const found = rules.findIndex((_, i) => match.groups?.[`r${i}`] !== undefined);
    const kind = rules[found]?.[0] ?? 'mark';
    const word = match[0];
    tokens.push({ kind: kind === 'name' && KEYWORDS.has(word.toLowerCase()) ? 'keyword' : kind, text: word });
  }
  return tokens;
}

/** Keywords that begin a line of their own, by what goes before them on the same line. */
const CLAUSES = new Set(
  'select from where having limit offset union intersect except values set returning prewhere window settings with'.split(
    ' ',
  ),
);
const JOINS = new Set('left right inner outer full cross natural join lateral'.split(' '));

/**
 * Puts each clause on a line, and conditions and what is in a subquery further in. The words stay as they are: who looks
 * for the statement in the code must find it.
 */
export function formatSql(tokens: readonly Token[]): Token[] {
  const words = tokens.filter((token) => token.kind !== 'space');
  const out: Token[] = [];
  // One entry for every open parenthesis: whether it is a subquery's.
  const open: boolean[] = [];
  let between = 0;
  const line = (extra = 0) => {
    if (out.length === 0) return;
    if (out.at(-1)?.kind === 'space') out.pop();
    const depth = open.filter(Boolean).length;
    out.push({ kind: 'space', text: `\n${'  '.repeat(depth + extra)}` });
  };
  for (let i = 0; i < words.length; i++) {
    const token = words[i] as Token;
    const word = token.kind === 'keyword' ? token.text.toLowerCase() : '';
    const before = words[i - 1];
    const previous = before?.kind === 'keyword' ? before.text.toLowerCase() : '';
    const next = words[i + 1]?.text.toLowerCase() ?? '';
    const inside = open.length > 0 && !open.at(-1);
    if (word === 'between') between++;
    const closing = token.text === ')' ? open.pop() : undefined;
    if (closing) line();
    else if (i === 0 || inside) space(out, before, token);
    else if (startsLine(word, previous, next)) line();
    else if ((word === 'and' || word === 'or') && !(word === 'and' && between > 0)) line(1);
    else space(out, before, token);
    if (word === 'and' && between > 0) between--;
    out.push(token);
    if (token.text === '(') {
      open.push(next === 'select' || next === 'with');
      if (open.at(-1)) line();
    }
    if (token.kind === 'comment' && token.text.startsWith('--')) line();
  }
  return out;
}

function startsLine(word: string, previous: string, next: string): boolean {
  if (CLAUSES.has(word)) {
    // "delete from", "is distinct from", "insert … set" and "with ties" are one thing.
    if (word === 'from') return previous !== 'delete' && previous !== 'distinct';
    if (word === 'select' || word === 'values') return true;
    return !(word === 'with' && next === 'ties') && previous !== 'character';
  }
  if (JOINS.has(word)) return !JOINS.has(previous) && next !== '(';
  if (word === 'group' || word === 'order') return next === 'by';
  return word === 'on' && (next === 'conflict' || next === 'duplicate');
}

/** A blank, unless the two stand together: around points and inside parentheses. */
function space(out: Token[], before: Token | undefined, token: Token) {
  if (!before || out.at(-1)?.kind === 'space') return;
  const [a, b] = [before.text, token.text];
  if (a === '(' || a === '.' || a === '::' || b === ')' || b === ',' || b === '.' || b === ';' || b === '::')
    return;
  // A function's name and its arguments; a keyword keeps its distance.
  if (b === '(' && before.kind === 'name') return;
  out.push({ kind: 'space', text: ' ' });
}
