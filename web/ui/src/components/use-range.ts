import { useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { isMeta } from '../api/queries';
import { DEFAULT_RANGE, type RangeText, resolveRange } from '../lib/range';
import { parseQuery, type RawSearch } from '../lib/url';
import { defineView, rangeOf, rangeParams, readView, writeView } from '../lib/view';

const RANGE = defineView({});

/** How often a page that follows the present asks again. */
const LIVE_MS = 5_000;

/** The time range that the pages share, which stands in every ranged page's address, and how to change it. */
export function useRange() {
  const address = useLocation({ select: (location) => location.searchStr });
  const ends = useMemo(() => readView(RANGE, parseQuery(address), Date.now()).state, [address]);
  const router = useRouter();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const change = useCallback(
    (changes: Partial<RangeText> & { live?: boolean }) => {
      const raw: RawSearch = parseQuery(router.latestLocation.searchStr);
      const before = readView(RANGE, raw, Date.now()).state;
      const search = {
        ...raw,
        from: undefined,
        to: undefined,
        ...writeView(RANGE, { ...before, ...changes }),
      };
      void navigate({ to: '.', search: search as never });
    },
    [router, navigate],
  );
  const range = useMemo(() => rangeOf(ends), [ends]);
  const live = ends.live === true && range.to === 'now';
  return useMemo(() => {
    /** Moves the ends by shares of the width; the result is absolute unless it ends at the present. */
    const stretch = (left: number, right: number) => {
      const now = Date.now();
      const { fromMs, toMs } = resolveRange(range, now);
      const width = toMs - fromMs;
      const to = Math.min(toMs + right * width, now);
      const iso = (ms: number) => new Date(Math.round(ms)).toISOString();
      change({
        from: iso(Math.min(fromMs + left * width, to - 1)),
        to: to >= now ? 'now' : iso(to),
        live: false,
      });
    };
    return {
      range,
      /** As the API takes it. */
      params: rangeParams(range),
      live,
      /** For queries that show the range: when to ask again. */
      refetchInterval: live ? LIVE_MS : (false as const),
      set: (chosen: RangeText) => change({ ...chosen, ...(chosen.to !== 'now' && { live: false }) }),
      setLive: (on: boolean) =>
        change({
          live: on,
          ...(on && { from: range.to === 'now' ? range.from : DEFAULT_RANGE.from, to: 'now' }),
        }),
      back: () => stretch(-1, -1),
      forward: () => stretch(1, 1),
      zoomOut: () => stretch(-0.5, 0.5),
      refresh: () => void queries.invalidateQueries({ predicate: (query) => !isMeta(query.queryKey) }),
    };
  }, [range, live, change, queries]);
}
