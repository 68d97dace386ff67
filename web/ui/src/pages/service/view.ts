import { sortField } from '../../components/DataTable';
import { defineView, oneOf, text } from '../../lib/view';
import { SEVERITIES } from '../functions/view';

export const SERVICE_TABS = [
  'overview',
  'operations',
  'statements',
  'errors',
  'dependencies',
  'logs',
] as const;
export type ServiceTab = (typeof SERVICE_TABS)[number];

export const KINDS = ['service', 'database', 'cache', 'queue', 'external'] as const;

export const SERVICE = defineView({
  tab: oneOf(SERVICE_TABS, 'overview'),
  /** What the name is of; without it, the first of the map that has the name. */
  kind: oneOf(KINDS),
  sort: sortField,
  severity: oneOf(SEVERITIES),
  q: text,
});
