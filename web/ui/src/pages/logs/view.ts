import { defineView } from '../../lib/view';

export const LOGS = defineView({});
