import { defineView, oneOf, type StateOf, several, spelled, text } from '../../lib/view';

export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Severity = (typeof SEVERITIES)[number];

const traceId = spelled((id) => (/^[0-9a-f]{1,32}$/i.test(id) ? id.toLowerCase() : undefined));

const MOST_OPEN = 20;

/** open holds the keys of the records that are unfolded, see recordKey. */
export const LOGS = defineView({
  text,
  service: text,
  minSeverity: oneOf(SEVERITIES),
  traceId,
  open: several((key) => (/^\d{1,19}-[0-9a-z]{1,7}(-\d+)?$/.test(key) ? key : undefined), MOST_OPEN),
});

export type LogsState = StateOf<typeof LOGS>;
