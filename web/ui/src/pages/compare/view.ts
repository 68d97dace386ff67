import { readSpanId, readTraceId } from '../../lib/trace-view';
import { defineView, spelled } from '../../lib/view';

/** The two traces, and the spans of each whose attributes are laid side by side; without them, the roots. */
export const COMPARE = defineView(
  { a: spelled(readTraceId), b: spelled(readTraceId), sa: spelled(readSpanId), sb: spelled(readSpanId) },
  { ranged: false },
);
