import { useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { hasFilters, readTraceSearch, type TraceSearch, withoutDefaults } from '../../lib/trace-search';
import { parseQuery } from '../../lib/url';

export type UpdateSearch = (changes: Partial<TraceSearch>) => void;

/**
 * The page's state, which is its address, and how to change it. It is read from the address itself: the router would hand
 * on what it could not make sense of.
 */
export function useSearch() {
  const text = useLocation({ select: (location) => location.searchStr });
  const search = useMemo(() => readTraceSearch(parseQuery(text), Date.now()).search, [text]);
  const router = useRouter();
  const navigate = useNavigate();
  const update: UpdateSearch = useCallback(
    (changes) => {
      // The latest address, not the one last rendered: leaving a field and pressing a button may both change it at once.
      const before = readTraceSearch(parseQuery(router.latestLocation.searchStr), Date.now()).search;
      void navigate({ to: '/traces', search: withoutDefaults({ ...before, ...changes }) });
    },
    [router, navigate],
  );
  return { search, update, hasFilters: hasFilters(search) };
}
