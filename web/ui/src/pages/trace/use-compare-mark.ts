import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { readMark, writeMark } from '../../lib/compare-mark';

/** Marks the trace to be compared, or compares it with the one that is marked. Marking a marked one unmarks it. */
export function useCompareMark(traceId: string) {
  const navigate = useNavigate();
  const [marked, setMarked] = useState(readMark);
  const mark = (id: string | undefined) => {
    writeMark(id);
    setMarked(id);
  };
  const add = () => {
    if (marked === undefined || marked === traceId) {
      mark(marked === undefined ? traceId : undefined);
      return;
    }
    mark(undefined);
    void navigate({ to: '/compare', search: { a: marked, b: traceId } });
  };
  return { marked, add, clear: () => mark(undefined) };
}
