import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatRatio,
} from '../lib/duration';
import {
  formatAgo,
  formatClock,
  formatInstant,
  formatInstantShort,
  formatLogTime,
  formatMoment,
} from '../lib/instant';
import type { InstantNs } from '../units';

/** Every format in the language of the page. */
export function useFormats() {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(
    () => ({
      language,
      duration: (ns: number) => formatDuration(ns, language),
      count: (n: number) => formatCount(n, language),
      ratio: (n: number) => formatRatio(n, language),
      compact: (n: number) => formatCompact(n, language),
      percent: (share: number) => formatPercent(share, language),
      bytes: (n: number) => formatBytes(n, language),
      instant: (t: InstantNs) => formatInstant(t, language),
      instantShort: (t: InstantNs) => formatInstantShort(t, language),
      clock: (t: InstantNs) => formatClock(t, language),
      logTime: (t: InstantNs) => formatLogTime(t, language),
      /** What stands between the parts of a sentence. */
      separator: language.startsWith('zh') ? '；' : '; ',
      moment: (ms: number) => formatMoment(ms, Date.now(), language),
      ago: (t: InstantNs) => formatAgo(t, Date.now(), language),
    }),
    [language],
  );
}
