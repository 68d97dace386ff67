import type { Messages } from '../en';
import { common } from './common';
import { search } from './search';
import { trace } from './trace';
import { traceViews } from './trace-views';

export const zh: Messages = { ...common, ...search, ...trace, ...traceViews };
