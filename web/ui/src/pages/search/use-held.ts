import { useEffect, useMemo, useRef, useState } from 'react';
import type { TraceSummary } from '../../api/client';
import { hold } from './held';

const AT_TOP_PX = 8;

/**
 * The rows of a list that goes on by itself. While someone reads it (it is scrolled, or pointer or focus is in it) newer
 * traces wait until release is called; question is what the list answers, and another one has nothing to keep.
 */
export function useHeld(traces: readonly TraceSummary[], live: boolean, question: unknown) {
  const [base, setBase] = useState({ traces, question });
  const [scrolled, setScrolled] = useState(false);
  const [inside, setInside] = useState({ pointer: false, focus: false });
  const scroller = useRef<HTMLDivElement>(null);
  const holding =
    live &&
    (scrolled || inside.pointer || inside.focus) &&
    base.question === question &&
    base.traces.length > 0;
  useEffect(() => {
    if (!holding) setBase({ traces, question });
  }, [holding, traces, question]);
  const held = useMemo(
    () => (holding ? hold(base.traces, traces) : { shown: traces, waiting: 0, more: false }),
    [holding, base, traces],
  );
  const release = () => {
    setBase({ traces, question });
    scroller.current?.scrollTo({ top: 0 });
  };
  const watch = {
    ref: scroller,
    onScroll: () => setScrolled((scroller.current?.scrollTop ?? 0) > AT_TOP_PX),
    onPointerEnter: () => setInside((before) => ({ ...before, pointer: true })),
    onPointerLeave: () => setInside((before) => ({ ...before, pointer: false })),
    onFocus: () => setInside((before) => ({ ...before, focus: true })),
    onBlur: () => setInside((before) => ({ ...before, focus: false })),
  };
  return { ...held, release, scroller, watch };
}
