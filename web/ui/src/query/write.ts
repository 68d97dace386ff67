import { ALIASES } from './fields';
import {
  type Comparison,
  type Expr,
  isComparison,
  isStructure,
  type Query,
  type Structure,
  type Value,
} from './tree';

const BARE_FIELD = /^[^\s"'`=!<>~(){},&|]+$/;
const BARE_VALUE = /^[\p{L}\p{N}_./:@%+*$#?-]+$/u;
const WORDS = /^(and|or|not|in|exists)$/i;

/** Writes a query so that parseQuery reads the same again. */
export const writeQueryText = (query: Query): string =>
  query.map((one) => writePart(one, query.length > 1)).join(' and ');

/** One of the conditions that hold together; inside is true when others stand beside it. */
export function writePart(one: Expr | Structure, inside = false): string {
  if (isStructure(one)) return `{${writeExpr(one.a)}} ${one.op} {${writeExpr(one.b)}}`;
  return 'or' in one && inside ? `(${writeExpr(one)})` : writeExpr(one);
}

function writeExpr(expr: Expr): string {
  if (isComparison(expr)) return writeComparison(expr);
  if ('not' in expr) {
    const bare = isComparison(expr.not) || 'not' in expr.not;
    return bare ? `not ${writeExpr(expr.not)}` : `not (${writeExpr(expr.not)})`;
  }
  if ('and' in expr)
    return expr.and.map((part) => ('or' in part ? `(${writeExpr(part)})` : writeExpr(part))).join(' and ');
  return expr.or.map((part) => ('and' in part ? `(${writeExpr(part)})` : writeExpr(part))).join(' or ');
}

export function writeComparison({ field, op, value, scope }: Comparison): string {
  const name = writeField(field, scope);
  if (op === 'exists') return `${name} exists`;
  if (op === 'not-exists') return `${name} not exists`;
  if (Array.isArray(value)) return `${name} in (${value.map((one) => writeValue(one, false)).join(', ')})`;
  return `${name} ${op} ${writeValue(value ?? '', op === '=~' || op === '!~', /^[<>]/.test(op))}`;
}

function writeField(field: string, scope: string | undefined): string {
  const bare = BARE_FIELD.test(field) && !WORDS.test(field);
  if (scope) return `${scope}:${BARE_FIELD.test(field) ? field : JSON.stringify(field)}`;
  return bare && !(field in ALIASES) && !/^(span|resource):/.test(field) ? field : JSON.stringify(field);
}

function writeValue(value: Value, pattern: boolean, ordered = false): string {
  if (typeof value === 'number') return String(value);
  // Where order is asked, a text that reads as a number has to say that it is a text.
  const number = ordered && value.trim() !== '' && Number.isFinite(Number(value));
  if (BARE_VALUE.test(value) && !number) return value;
  return pattern && value.includes('\\') && !value.includes('`') ? `\`${value}\`` : JSON.stringify(value);
}
