import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { usePercentile } from '../../api/trace';
import { useFormats } from '../../components/use-formats';
import classes from './SpanPanel.module.css';
import { useFileSource } from './source';
import { TwinLink } from './TwinLink';

// Of fewer, being slower than most of them means nothing.
const FEW = 20;

/** How slow a span is among its kind; nothing while that is not known. */
export function Rank({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const file = useFileSource();
  const { data } = usePercentile(span, file === undefined);
  if (file || !data || data.percentile === null || data.percentile === undefined || data.calls < FEW)
    return null;
  const percent = data.percentile.toLocaleString(format.language, { maximumFractionDigits: 1 });
  return (
    <section className={classes.rank} data-slow={data.percentile >= 95 || undefined}>
      <p>
        <strong>{t('spanMore.percentile', { percent })}</strong>{' '}
        {t('spanMore.percentileOf', {
          count: data.calls,
          p50: format.duration(data.p50Ns),
          p95: format.duration(data.p95Ns),
        })}
      </p>
      <div className={classes.scale} aria-hidden="true">
        <span className={classes.tick} style={{ left: '50%' }} />
        <span className={classes.tick} style={{ left: '95%' }} />
        <span className={classes.place} style={{ width: `${data.percentile}%` }} />
      </div>
      <TwinLink traceId={span.traceId} spanId={span.spanId} />
    </section>
  );
}
