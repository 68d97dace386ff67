import { useEffect } from 'react';

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), select, textarea, [tabindex="0"]';

/** Longer than a dialog takes to give the focus back itself. */
const GRACE_MS = 80;

/**
 * Keeps the focus when what has it goes: a row that is pushed out, a button that gives way to another, a panel that is
 * closed, a page that is left. Without it the next Tab would begin at the top of the page. The focus goes to what is
 * nearest to where it was: the part of the page marked by data-focus-home, else the first thing there that takes it.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    // What stood around the focus, from the inside out; empty when nothing had it.
    let around: Element[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const remember = ({ target }: FocusEvent) => {
      around = [];
      for (let one = (target as Element).parentElement; one; one = one.parentElement) around.push(one);
    };
    // Whoever clicks beside everything wants no focus.
    const forget = () => {
      around = [];
    };
    const lost = () => document.activeElement === document.body || document.activeElement === null;
    const restore = () => {
      timer = undefined;
      if (lost() && around.length > 0) newHome(around)?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(() => {
      if (timer === undefined && around.length > 0 && lost()) timer = setTimeout(restore, GRACE_MS);
    });
    observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] });
    document.addEventListener('focusin', remember);
    document.addEventListener('pointerdown', forget);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener('focusin', remember);
      document.removeEventListener('pointerdown', forget);
    };
  }, []);
}

function newHome(around: readonly Element[]): HTMLElement | null {
  const main = document.getElementById('main');
  for (const one of around) {
    if (!one.isConnected) continue;
    // Of a whole page the focus is at the beginning.
    if (one === main || one.contains(main)) break;
    const home =
      one.querySelector<HTMLElement>('[data-focus-home]') ?? one.querySelector<HTMLElement>(FOCUSABLE);
    if (home) return home;
  }
  return main;
}
