import { sortField } from '../../components/DataTable';
import { FILTERS } from '../../lib/trace-search';
import { defineView, flag, oneOf, several, spelled, text, whole } from '../../lib/view';
import { parseExpression } from './expression';

export const KINDS = ['user', 'service', 'function', 'database', 'cache', 'queue', 'external'] as const;
export const METRICS = ['rate', 'errors', 'p95', 'cold', 'age', 'none'] as const;
export const GROUPINGS = ['auto', 'none', 'prefix', 'kind'] as const;

export type Metric = (typeof METRICS)[number];
export type Grouping = (typeof GROUPINGS)[number];

const any = (written: string) => written;
const expressed = spelled((written) => (parseExpression(written) === undefined ? undefined : written.trim()));

/** Which traces are drawn, as on the search page, and how. */
export const MAP = defineView({
  ...FILTERS,
  /** The node in the middle, and how many edges around it are shown. */
  focus: text,
  hops: whole(1, 5, 1),
  /** Kinds and nodes that are not drawn. */
  without: several((kind) => KINDS.find((one) => one === kind), KINDS.length),
  hide: several(any, 200),
  group: oneOf(GROUPINGS, 'auto'),
  /** Groups that show all that is in them. */
  opened: several(any, 200),
  metric: oneOf(METRICS, 'rate'),
  /** Expressions, see expression.ts: what is lit, and what is not drawn. */
  mark: expressed,
  mask: expressed,
  /** The nodes between which paths are shown; with the first alone the second is still to be chosen. */
  pathFrom: text,
  pathTo: text,
  /** A node's or an edge's id. */
  sel: text,
  /** The middle of the picture and how large it is, when it was moved: "x,y,zoom". */
  z: spelled((one) => (/^-?\d{1,6},-?\d{1,6},\d{1,2}(\.\d{1,2})?$/.test(one) ? one : undefined)),
  /** The time step that is shown instead of the whole range, in milliseconds since the epoch. */
  at: whole(0, 8_640_000_000_000_000),
  diff: oneOf(['before', 'day'] as const),
  table: flag,
  sort: sortField,
  edgeSort: sortField,
  changeSort: sortField,
});
