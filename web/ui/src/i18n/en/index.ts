import { common } from './common';
import { functions } from './functions';
import { logs } from './logs';
import { map } from './map';
import { overview } from './overview';
import { search } from './search';
import { spanPanel } from './span-panel';
import { trace } from './trace';
import { traceMarks } from './trace-marks';
import { traceViews } from './trace-views';

/** Every text of the interface, by part of it. Keys are typed by this object; zh must have exactly the same ones. */
export const en = {
  ...common,
  ...functions,
  ...logs,
  ...map,
  ...overview,
  ...search,
  ...spanPanel,
  ...trace,
  ...traceMarks,
  ...traceViews,
} as const;

type Widened<T> = { readonly [K in keyof T]: T[K] extends string ? string : Widened<T[K]> };

/** The shape that every catalogue has. */
export type Messages = Widened<typeof en>;
