import { createContext, useCallback, useContext, useMemo, useState } from 'react';
import { useSpan } from '../../api/trace';
import { useFileSource } from './source';

/** The way to the rest of a span's long values, for whatever shows one. */
export type Rest = { fetch: () => void; fetching: boolean };

export const RestContext = createContext<Rest>({ fetch: () => {}, fetching: false });

export const useRest = () => useContext(RestContext);

/** A span of the trace on screen, of the server or of the file, and how to get what was cut off its values. */
export function useSpanDetail(traceId: string, spanId: string) {
  const file = useFileSource();
  const [wanted, setWanted] = useState('');
  const stored = file === undefined;
  const cut = useSpan(traceId, spanId, { enabled: stored });
  const whole = useSpan(traceId, spanId, { whole: true, enabled: stored && wanted === spanId });
  const fetch = useCallback(() => setWanted(spanId), [spanId]);
  const fetching = whole.isFetching;
  const rest = useMemo((): Rest => ({ fetch, fetching }), [fetch, fetching]);
  const query = whole.data || (wanted === spanId && whole.isError) ? whole : cut;
  if (file) {
    const data = file.span(traceId, spanId);
    return { data, isError: false, error: null, isFetching: false, refetch: cut.refetch, rest };
  }
  return { ...query, rest };
}
