import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import type { Figures, Health } from './graph';
import type { Metric } from './view';

/** Health in one sign, so that it does not stand in colour alone. */
export const SIGN: Record<Health, string> = { ok: '', warn: '▲ ', bad: '✖ ' };

/** Figures as texts, for the drawing, the tables and the panel alike. */
export function useFigures() {
  const { t } = useTranslation();
  const format = useFormats();
  return useMemo(() => {
    const rates = new Intl.NumberFormat(format.language, {
      maximumSignificantDigits: 3,
      notation: 'compact',
    });
    const shares = new Intl.NumberFormat(format.language, { style: 'percent', maximumSignificantDigits: 2 });
    const rate = (perMinute: number) => t('map.perMinute', { rate: rates.format(perMinute) });
    const duration = (ns: number | null) => (ns === null ? '–' : format.duration(ns));
    const count = (n: number | null) => (n === null ? '–' : format.count(n));
    const share = (part: number) => shares.format(part);
    return {
      rate,
      duration,
      count,
      share,
      others: (n: number) => t('map.others', { count: n }),
      /** The one figure that the drawing shows; empty where there is nothing to say. */
      of: (figures: Figures, metric: Metric): string => {
        switch (metric) {
          case 'rate':
            return rate(figures.perMinute);
          case 'errors':
            return share(figures.errorRate);
          case 'p95':
            return figures.p95Ns === null ? '' : duration(figures.p95Ns);
          case 'cold':
            return figures.coldStarts ? `❄ ${count(figures.coldStarts)}` : '';
          case 'age':
            return figures.ageNs === null ? '' : t('map.waits', { age: duration(figures.ageNs) });
          case 'none':
            return '';
        }
      },
    };
  }, [t, format]);
}

export type FigureTexts = ReturnType<typeof useFigures>;
