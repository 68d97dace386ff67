import { defineView } from '../../lib/view';

export const OVERVIEW = defineView({});
