import { resolveRange } from '../lib/range';
import { parseQuery, writeQuery } from '../lib/url';
import { defineView, rangeOf, readView } from '../lib/view';

const RANGE = defineView({});

/** The same address with "the last hour" made the hour that it is now, so that others see what one sees. */
export function permanentLink(href: string, nowMs: number): string {
  const url = new URL(href);
  const raw = parseQuery(url.search);
  const range = rangeOf(readView(RANGE, raw, nowMs).state);
  if (/\/(trace|compare|settings)(\/|$)/.test(url.pathname) || !`${range.from}${range.to}`.includes('now'))
    return href;
  const { fromMs, toMs } = resolveRange(range, nowMs);
  const iso = (ms: number) => new Date(ms).toISOString();
  url.search = writeQuery({ ...raw, live: undefined, from: iso(fromMs), to: iso(toMs) });
  return url.href;
}
