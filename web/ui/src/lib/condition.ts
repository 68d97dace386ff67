/** One attribute condition, as the API's `attr` parameter spells it. */
export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'exists' | 'missing';

export type Condition = { key: string; operator: Operator; value: string };

export const OPERATORS: readonly Operator[] = ['=', '!=', '>', '>=', '<', '<=', 'exists', 'missing'];

export const takesValue = (operator: Operator) => operator !== 'exists' && operator !== 'missing';

/** The four orderings compare numbers; an @duration may also carry a unit. */
export const wantsNumber = (operator: Operator) => /^[<>]/.test(operator);

const BARE = /^[^\s"=!<>][^\s"=!<>]*$/;

const quote = (text: string) => (BARE.test(text) ? text : JSON.stringify(text));

export function writeCondition({ key, operator, value }: Condition): string {
  if (operator === 'exists') return quote(key);
  if (operator === 'missing') return `!${quote(key)}`;
  return `${quote(key)}${operator}${quoteValue(value)}`;
}

// A value may hold any character inside; only its edges and a leading quote would be misread.
function quoteValue(value: string): string {
  const plain = value !== '' && value.trim() === value && !value.startsWith('"') && !value.startsWith('=');
  return plain ? value : JSON.stringify(value);
}

/** Reads what writeCondition wrote, and what people type; undefined when it is malformed. */
export function parseCondition(text: string): Condition | undefined {
  let rest = text.trim();
  const negated = rest.startsWith('!');
  if (negated) rest = rest.slice(1).trimStart();
  const key = takeKey(rest);
  if (!key) return undefined;
  rest = key.rest.trim();
  if (rest === '') return { key: key.text, operator: negated ? 'missing' : 'exists', value: '' };
  const operator = (['!=', '>=', '<=', '=', '>', '<'] as const).find((o) => rest.startsWith(o));
  if (!operator || negated) return undefined;
  const value = readValue(rest.slice(operator.length).trim());
  if (value === undefined) return undefined;
  return { key: key.text, operator, value };
}

function takeKey(text: string): { text: string; rest: string } | undefined {
  if (text.startsWith('"')) {
    const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text);
    const value = quoted && readJSONString(quoted[0]);
    return quoted && value ? { text: value, rest: text.slice(quoted[0].length) } : undefined;
  }
  const bare = /^[^\s"=!<>]+/.exec(text);
  return bare ? { text: bare[0], rest: text.slice(bare[0].length) } : undefined;
}

function readValue(text: string): string | undefined {
  if (text === '') return undefined;
  return text.startsWith('"') ? readJSONString(text) : text;
}

function readJSONString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const SYMBOLS: Partial<Record<Operator, string>> = { '!=': '≠', '>=': '≥', '<=': '≤' };

/** How an operator is drawn; exists and missing are words and come from the catalogue. */
export const operatorSymbol = (operator: Operator) => SYMBOLS[operator] ?? operator;
