import type { Messages } from '../en';
import { common } from './common';
import { overview } from './overview';
import { search } from './search';
import { trace } from './trace';

export const zh: Messages = { ...common, ...overview, ...search, ...trace };
