import { getRouteApi } from '@tanstack/react-router';
import { useCallback } from 'react';
import { hasFilters, type TraceSearch, withoutDefaults } from '../../lib/trace-search';

const route = getRouteApi('/traces');

export type UpdateSearch = (changes: Partial<TraceSearch>) => void;

/** The page's state, which is its address, and how to change it. */
export function useSearch() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const update: UpdateSearch = useCallback(
    (changes) => void navigate({ search: (before) => withoutDefaults({ ...before, ...changes }) }),
    [navigate],
  );
  return { search, update, hasFilters: hasFilters(search) };
}
