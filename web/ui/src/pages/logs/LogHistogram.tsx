import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type LogRequest, useLogHistogram } from '../../api/logs';
import { Result } from '../../components/Result';
import { TimeChart } from '../../components/TimeChart';
import { useFormats } from '../../components/use-formats';
import { ERROR, PALETTE } from '../../lib/colour';
import type { RangeText } from '../../lib/range';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';

type Props = {
  request: LogRequest;
  refetchInterval: number | false;
  onRange: (range: RangeText) => void;
};

const iso = (ms: number) => new Date(Math.round(ms)).toISOString();

// Of the palette, for warnings and for the rest.
const WARN = 3;
const REST = 0;

/** How many records there are over time, by severity; dragging chooses the time. */
export function LogHistogram({ request, refetchInterval, onRange }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const query = useLogHistogram(request, refetchInterval);
  const { data } = query;
  const { times, series } = useMemo(() => {
    const points = data?.points ?? [];
    return {
      times: points.map((point) => toMillis(parseInstant(point.startNs))),
      series: [
        {
          label: t('logs.lower'),
          colour: PALETTE[theme][REST] ?? '',
          values: points.map((point) => point.unset + point.trace + point.debug + point.info),
          fill: true,
        },
        {
          label: t('severity.warn'),
          colour: PALETTE[theme][WARN] ?? '',
          values: points.map(({ warn }) => warn),
          fill: true,
        },
        {
          label: t('logs.higher'),
          colour: ERROR[theme],
          values: points.map((point) => point.error + point.fatal),
          fill: true,
        },
      ].filter(({ values }) => values.some((records) => records > 0)),
    };
  }, [data, theme, t]);
  return (
    <Result query={query} height={124}>
      {() => (
        <TimeChart
          label={t('logs.histogram')}
          timesMs={times}
          series={series}
          format={format.compact}
          height={96}
          onRange={(fromMs, toMs) => onRange({ from: iso(fromMs), to: iso(toMs) })}
        />
      )}
    </Result>
  );
}
