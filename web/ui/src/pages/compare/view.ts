import { readTraceId } from '../../lib/trace-view';
import { defineView, spelled } from '../../lib/view';

export const COMPARE = defineView({ a: spelled(readTraceId), b: spelled(readTraceId) }, { ranged: false });
