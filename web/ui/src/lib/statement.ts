import { formatSql, type Token, tokenize } from './sql';

/** Databases whose statements are words with a key, such as Redis' commands. */
const COMMANDS = /redis|valkey|memcached|dragonfly/;

/** A statement in parts for reading: laid out, with what may be somebody's data marked as literals. */
export function readStatement(text: string, system: string): Token[] {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) {
    const json = indent(trimmed);
    if (json !== undefined) return jsonTokens(json);
  }
  if (COMMANDS.test(system)) return commandTokens(trimmed);
  return formatSql(tokenize(trimmed, system));
}

export const MASK = '?';

/** The statement as text; masked has a question mark for every literal. */
export const statementText = (tokens: readonly Token[], masked: boolean): string =>
  tokens.map(({ kind, text }) => (masked && kind === 'literal' ? MASK : text)).join('');

export const hasLiterals = (tokens: readonly Token[]): boolean =>
  tokens.some(({ kind }) => kind === 'literal');

function indent(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

/** Indented JSON, as MongoDB's and Elasticsearch's queries are: keys are names, values are literals. */
function jsonTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\s+|[\d.eE+-]+|true|false|null|[\s\S]/g)) {
    const [whole, quoted, colon] = match;
    if (quoted !== undefined && colon !== undefined) {
      tokens.push({ kind: 'name', text: quoted }, { kind: 'mark', text: colon });
    } else if (quoted !== undefined || /^[\d+-]/.test(whole)) tokens.push({ kind: 'literal', text: whole });
    else if (/^\s/.test(whole)) tokens.push({ kind: 'space', text: whole });
    else tokens.push({ kind: /^[a-z]/.test(whole) ? 'keyword' : 'mark', text: whole });
  }
  return tokens;
}

/** The command is a keyword, the first thing after it the key; what follows may be data. */
function commandTokens(text: string): Token[] {
  return text.split('\n').flatMap((line, i) => [
    ...(i > 0 ? [{ kind: 'space' as const, text: '\n' }] : []),
    ...(line.match(/\s+|"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word, at): Token => {
      if (/^\s/.test(word)) return { kind: 'space', text: word };
      if (word === MASK) return { kind: 'parameter', text: word };
      return { kind: at === 0 ? 'keyword' : at <= 2 ? 'name' : 'literal', text: word };
    }),
  ]);
}
