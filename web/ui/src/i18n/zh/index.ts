import type { Messages } from '../en';
import { common } from './common';
import { logs } from './logs';
import { overview } from './overview';
import { search } from './search';
import { trace } from './trace';

export const zh: Messages = { ...common, ...logs, ...overview, ...search, ...trace };
