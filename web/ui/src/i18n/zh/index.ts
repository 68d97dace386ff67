import type { Messages } from '../en';
import { common } from './common';
import { map } from './map';
import { search } from './search';
import { trace } from './trace';

export const zh: Messages = { ...common, ...map, ...search, ...trace };
