import type { Messages } from '../en';
import { common } from './common';
import { functions } from './functions';
import { search } from './search';
import { trace } from './trace';

export const zh: Messages = { ...common, ...functions, ...search, ...trace };
