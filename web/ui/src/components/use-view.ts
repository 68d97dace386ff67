import { useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { parseQuery } from '../lib/url';
import { readView, type StateOf, type View, writeView } from '../lib/view';

/** How long what changes many times a second rests before it is written to the address: a browser allows few changes. */
const SETTLE_MS = 200;

// biome-ignore lint/suspicious/noExplicitAny: as in lib/view.ts
export type Change<V extends View<any>> = (changes: Partial<StateOf<V>>) => void;

/**
 * The page's state, which is its address, and how to change it. It is read from the address itself: the router would hand
 * on what it could not make sense of. change makes a step that the back button undoes, replace does not, and settle is
 * replace when nothing more has come for a moment. ignored is what the address that one came with held that the page does
 * not know; addresses made here hold nothing such.
 */
// biome-ignore lint/suspicious/noExplicitAny: as in lib/view.ts
export function useView<V extends View<any>>(view: V) {
  const address = useLocation({ select: (location) => location.searchStr });
  const state = useMemo(
    () => readView(view, parseQuery(address), Date.now()).state as StateOf<V>,
    [view, address],
  );
  const [ignored] = useState(() => readView(view, parseQuery(window.location.search), Date.now()).ignored);
  const router = useRouter();
  const navigate = useNavigate();
  const write = useCallback(
    (changes: Partial<StateOf<V>>, replace: boolean) => {
      // The latest address, not the one last rendered: leaving a field and pressing a button may both change it at once.
      const before = readView(view, parseQuery(router.latestLocation.searchStr), Date.now()).state;
      const search = writeView(view, { ...before, ...changes } as StateOf<V>);
      void navigate({ to: '.', search: search as never, replace });
    },
    [view, router, navigate],
  );
  const change: Change<V> = useCallback((changes) => write(changes, false), [write]);
  const replace: Change<V> = useCallback((changes) => write(changes, true), [write]);
  const [pending, setPending] = useState<Partial<StateOf<V>> | undefined>();
  useEffect(() => {
    if (!pending) return;
    const timer = setTimeout(() => {
      setPending(undefined);
      replace(pending);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [pending, replace]);
  const settle: Change<V> = useCallback((changes) => setPending((before) => ({ ...before, ...changes })), []);
  return { state, change, replace, settle, ignored };
}
