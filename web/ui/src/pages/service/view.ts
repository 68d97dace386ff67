import { defineView } from '../../lib/view';

export const SERVICE = defineView({});
