import type { Messages } from '../en';
import { common } from './common';
import { search } from './search';
import { trace } from './trace';

export const zh: Messages = { ...common, ...search, ...trace };
