import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { usePercentile } from '../../api/trace';
import { useFormats } from '../../components/use-formats';
import classes from './SpanPanel.module.css';

/** How slow a span is among its kind; nothing while that is not known. */
export function Rank({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data } = usePercentile(span);
  if (!data || data.percentile === null || data.percentile === undefined) return null;
  const percent = data.percentile.toLocaleString(format.language, { maximumFractionDigits: 1 });
  return (
    <p className={classes.rank} data-slow={data.percentile >= 95 || undefined}>
      <strong>{t('spanMore.percentile', { percent })}</strong>{' '}
      {t('spanMore.percentileOf', {
        count: data.calls,
        p50: format.duration(data.p50Ns),
        p95: format.duration(data.p95Ns),
      })}
    </p>
  );
}
