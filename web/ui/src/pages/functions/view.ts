import { defineView } from '../../lib/view';

export const FUNCTIONS = defineView({});

export const FUNCTION = defineView({});
