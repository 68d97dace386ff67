import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import type { Brush, Durations } from '../../lib/brush';
import { fromMillis } from '../../units';

/** Says what is selected. */
export function useBrushWords() {
  const { t } = useTranslation();
  const format = useFormats();
  const bounds = ({ from, to }: Durations) =>
    to === undefined ? `≥ ${format.duration(from)}` : `${format.duration(from)} – ${format.duration(to)}`;
  return ({ time, trace, span, errors }: Brush): string =>
    [
      time &&
        `${format.instantShort(fromMillis(time.fromMs))} – ${format.instantShort(fromMillis(time.toMs))}`,
      trace && `${t('search.traceDuration')} ${bounds(trace)}`,
      span && `${t('search.spanDuration')} ${bounds(span)}`,
      errors && t('brush.errors'),
    ]
      .filter(Boolean)
      .join(' · ');
}
