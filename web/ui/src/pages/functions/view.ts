import { sortField } from '../../components/DataTable';
import { defineView, oneOf, type StateOf, spelled, text } from '../../lib/view';

/** Functions, and below them what they call; the two tables sort by themselves. */
export const FUNCTIONS = defineView({ q: text, sort: sortField, servicesSort: sortField });

export const TABS = [
  'overview',
  'invocations',
  'coldStarts',
  'versions',
  'errors',
  'dependencies',
  'instances',
  'logs',
  'profile',
] as const;
export type FunctionTab = (typeof TABS)[number];

export const OUTCOMES = [
  'success',
  'error',
  'timeout',
  'crash',
  'memory',
  'throttled',
  'platform',
  'canceled',
] as const;

export const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** "trace id/span id" of the chosen profile. */
const profile = spelled((one) =>
  /^[0-9a-f]{1,32}\/[0-9a-f]{1,16}$/i.test(one) ? one.toLowerCase() : undefined,
);

export const FUNCTION = defineView({
  tab: oneOf(TABS, 'overview'),
  version: text,
  sort: sortField,
  outcome: oneOf(OUTCOMES),
  cold: oneOf(['true', 'false'] as const),
  severity: oneOf(SEVERITIES),
  q: text,
  profile,
  /** The frame that the flame graph is zoomed to: child positions from the root, as 0.2.1. */
  frame: spelled((one) => (/^\d+(\.\d+)*$/.test(one) ? one : undefined)),
});

export type FunctionState = StateOf<typeof FUNCTION>;
