import { defineView } from '../../lib/view';

export const MAP = defineView({});
