import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { formatPercent, formatRatio } from '../lib/duration';

/** Shares and rates in the language of the page, with their units. */
export function useFigures() {
  const { t, i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(() => {
    const number = (n: number) => formatRatio(n, language);
    return {
      percent: (share: number) => formatPercent(share, language),
      /** Calls a second, in the unit in which the number is not tiny. */
      rate: (perSecond: number) =>
        perSecond >= 1 || perSecond === 0
          ? t('fn.perSecond', { n: number(perSecond) })
          : perSecond >= 1 / 60
            ? t('fn.perMinute', { n: number(perSecond * 60) })
            : t('fn.perHour', { n: number(perSecond * 3600) }),
      number,
    };
  }, [t, language]);
}
