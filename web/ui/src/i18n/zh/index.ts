import type { Messages } from '../en';
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

export const zh: Messages = {
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
};
