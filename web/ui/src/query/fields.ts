import { parseDuration, writeDuration } from '../lib/duration';
import { MOST_PATTERN, type Op, TRACE_DURATION, TRACE_ERROR, type Value } from './tree';

export const KINDS = ['server', 'client', 'producer', 'consumer', 'internal', 'unspecified'] as const;
export const STATUSES = ['error', 'ok', 'unset'] as const;
export const BOOLEANS = ['true', 'false'] as const;

/** Short names of fields; a quoted one is an attribute of that name. */
export const ALIASES: Readonly<Record<string, string>> = {
  service: '@service',
  name: '@name',
  operation: '@name',
  kind: '@kind',
  status: '@status',
  duration: '@duration',
  'trace.duration': TRACE_DURATION,
};

const ORDER: readonly Op[] = ['>', '>=', '<', '<='];
const PRESENCE: readonly Op[] = ['exists', 'not-exists'];
const TEXT: readonly Op[] = ['=', '!=', 'in', '=~', '!~', ...PRESENCE];
const ATTRIBUTE: readonly Op[] = [...TEXT, ...ORDER];

type Kind = { ops: readonly Op[]; values?: readonly string[]; duration?: true };

const FIELDS: Readonly<Record<string, Kind>> = {
  '@service': { ops: ATTRIBUTE },
  '@name': { ops: ATTRIBUTE },
  '@category': { ops: ATTRIBUTE },
  '@peer': { ops: ATTRIBUTE },
  '@event': { ops: TEXT },
  '@kind': { ops: ['=', '!=', 'in'], values: KINDS },
  '@status': { ops: ['=', '!=', 'in'], values: STATUSES },
  '@error': { ops: ['=', '!='], values: BOOLEANS },
  '@cold_start': { ops: ['=', '!='], values: BOOLEANS },
  '@retry': { ops: ['=', '!='], values: BOOLEANS },
  '@dead_letter': { ops: ['=', '!='], values: BOOLEANS },
  '@duration': { ops: ['=', '!=', ...ORDER, 'in'], duration: true },
  [TRACE_DURATION]: { ops: ['=', ...ORDER], duration: true },
  [TRACE_ERROR]: { ops: ['='], values: ['true'] },
};

/** Why a comparison cannot be, with what its message names. */
export type Reason = { why: string; [named: string]: string | number };

export const isWholeTrace = (field: string) => field === TRACE_DURATION || field === TRACE_ERROR;

/** What is wrong with a field or with comparing it so; undefined when nothing is. */
export function checkField(field: string, op?: Op): Reason | undefined {
  const kind = field.startsWith('@') ? FIELDS[field] : { ops: ATTRIBUTE };
  if (!kind) return { why: 'unknownField', field, fields: Object.keys(FIELDS).join(' ') };
  if (op && !kind.ops.includes(op)) return { why: 'operators', field, operators: kind.ops.join(' ') };
  return undefined;
}

/** A value as the API wants it for a field, or what is wrong with it. Written in quotes it is no number. */
export function readValue(
  field: string,
  op: Op,
  text: string,
  quoted: boolean,
): { value: Value } | { reason: Reason } {
  const kind = FIELDS[field];
  if (kind?.duration) {
    const ns = parseDuration(text);
    return ns === undefined ? { reason: { why: 'duration' } } : { value: writeDuration(ns) };
  }
  if (kind?.values && !kind.values.includes(text))
    return { reason: { why: 'oneOf', values: kind.values.join(', ') } };
  if (op === '=~' || op === '!~') {
    const reason = checkPattern(text);
    return reason ? { reason } : { value: text };
  }
  const number = !quoted && ORDER.includes(op) && text.trim() !== '' ? Number(text) : Number.NaN;
  return { value: Number.isFinite(number) ? number : text };
}

/**
 * What is wrong with a regular expression, as far as this side can tell: the server reads RE2's syntax, which has no looking
 * around and no references back, and flags inside.
 */
function checkPattern(text: string): Reason | undefined {
  if (new TextEncoder().encode(text).length > MOST_PATTERN) return { why: 'patternLong', most: MOST_PATTERN };
  if (/(^|[^\\])(\\\\)*(\(\?<?[=!]|\\[1-9])/.test(text)) return { why: 'patternLook' };
  const plain = text
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:');
  try {
    new RegExp(plain);
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    return { why: 'pattern', said: said.replace(/^Invalid regular expression: (\/.*\/\w*: )?/s, '') };
  }
}
