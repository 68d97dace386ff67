import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** Shares and rates in the language of the page, with their units. */
export function useFigures() {
  const { t, i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(() => {
    const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
    const share = new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 2 });
    const whole = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
    return {
      /** 0 to 1 as per cent. What is very small keeps two digits, so that it does not look like nothing. */
      percent: (n: number) =>
        n > 0 && n < 0.01 ? (n < 0.0001 ? '<0.01%' : share.format(n)) : whole.format(n),
      /** Calls a second, in the unit in which the number is not tiny. */
      rate: (perSecond: number) =>
        perSecond >= 1 || perSecond === 0
          ? t('fn.perSecond', { n: number.format(perSecond) })
          : perSecond >= 1 / 60
            ? t('fn.perMinute', { n: number.format(perSecond * 60) })
            : t('fn.perHour', { n: number.format(perSecond * 3600) }),
      number: (n: number) => number.format(n),
    };
  }, [t, language]);
}
