import type { UseQueryResult } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../../api/client';
import { type Sample, useExtraTraces, useHeatmap, useHistogram } from '../../../api/search';
import { Empty, Result } from '../../../components/Result';
import { useFormats } from '../../../components/use-formats';
import { useRange } from '../../../components/use-range';
import { useSize } from '../../../components/use-size';
import type { Brush } from '../../../lib/brush';
import type { ServiceColour } from '../../../lib/colour';
import type { RangeText } from '../../../lib/range';
import type { Picture } from '../../../lib/trace-search';
import { Durations, OverTime } from './Bars';
import type { OnBrush } from './frame';
import { Heat } from './Heat';
import { PLOT_HEIGHT } from './PlotBox';
import { Scatter } from './Scatter';
import classes from './viz.module.css';

export type VizProps = {
  viz: Picture;
  request: SearchRequest;
  range: RangeText;
  sample: UseQueryResult<Sample>;
  colours: Map<string, ServiceColour>;
  brush: Brush | undefined;
  onBrush: OnBrush;
};

/** The picture above the results. */
export function Viz({ viz, request, range, sample, colours, brush, onBrush }: VizProps) {
  const place = useRef<HTMLDivElement>(null);
  const { width } = useSize(place);
  const extra = useExtraTraces(request, range, viz === 'scatter' ? sample.data : undefined);
  const common = { width, brush, onBrush };
  return (
    <>
      <div ref={place} className={classes.place}>
        {width > 0 && viz === 'scatter' && (
          <Result query={sample} height={PLOT_HEIGHT} isEmpty={({ traces }) => traces.length === 0}>
            {(data) => <Scatter {...common} sample={data} extra={extra} colours={colours} />}
          </Result>
        )}
        {width > 0 && viz === 'heat' && <HeatOf {...common} request={request} />}
        {width > 0 && (viz === 'histogram' || viz === 'time') && (
          <BarsOf {...common} request={request} viz={viz} />
        )}
      </div>
      <Legend viz={viz} sample={sample.data} extra={extra.length} />
    </>
  );
}

type Common = {
  width: number;
  brush: Brush | undefined;
  onBrush: OnBrush;
  request: SearchRequest;
};

function HeatOf({ request, ...common }: Common) {
  const query = useHeatmap(request, useRange().refetchInterval);
  return (
    <Result query={query} height={PLOT_HEIGHT} empty={<Empty />} isEmpty={({ cells }) => cells.length === 0}>
      {(map) => <Heat {...common} map={map} />}
    </Result>
  );
}

function BarsOf({ request, viz, ...common }: Common & { viz: 'histogram' | 'time' }) {
  const query = useHistogram(request, useRange().refetchInterval);
  return (
    <Result query={query} height={PLOT_HEIGHT} isEmpty={({ spans }) => spans === 0}>
      {(histogram) =>
        viz === 'histogram' ? (
          <Durations {...common} histogram={histogram} />
        ) : (
          <OverTime {...common} histogram={histogram} />
        )
      }
    </Result>
  );
}

type LegendProps = { viz: Picture; sample: Sample | undefined; extra: number };

function Legend({ viz, sample, extra }: LegendProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const partial = viz === 'scatter' && sample?.complete === false;
  return (
    <div className={classes.legend}>
      <span className={classes.axis}>
        {t(`viz.axis.${viz}`)}
        {partial && ` · ${t('viz.sample', { count: sample.traces.length, extra: format.count(extra) })}`}
      </span>
      <span>{t('viz.drag')}</span>
      {viz === 'scatter' && (
        <>
          <span>
            <span className={classes.dot} aria-hidden="true" /> {t('scatter.ok')}
          </span>
          <span>
            <span className={classes.diamond} aria-hidden="true" /> {t('scatter.error')}
          </span>
        </>
      )}
      {viz === 'heat' && (
        <span>
          {t('viz.fewer')} <span className={classes.ramp} aria-hidden="true" /> {t('viz.more')}
        </span>
      )}
      {viz !== 'scatter' && (
        <span>
          <span className={classes.foot} aria-hidden="true" /> {t('results.errors')}
        </span>
      )}
    </div>
  );
}
