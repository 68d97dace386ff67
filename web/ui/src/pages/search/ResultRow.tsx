import { Checkbox } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSummary } from '../../api/client';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { colourOf, type ServiceColour } from '../../lib/colour';
import { useTheme } from '../../theme/use-theme';
import { parseInstant } from '../../units';
import classes from './Results.module.css';

// More than fit; those that do not are on the line that is cut off.
const MOST_SERVICES = 12;

type Props = {
  trace: TraceSummary;
  colours: Map<string, ServiceColour>;
  slowest: number;
  index: number;
  offset: number;
  /** The keyboard is at this row: its link has the focus. */
  current: boolean;
  onFocus: () => void;
  marked: boolean;
  onMark: () => void;
};

export function ResultRow({
  trace,
  colours,
  slowest,
  index,
  offset,
  current,
  onFocus,
  marked,
  onMark,
}: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (current) link.current?.focus({ preventScroll: true });
  }, [current]);
  const start = parseInstant(trace.startNs);
  const services = [...trace.services].sort((a, b) => b.spans - a.spans);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${classes.row} ${classes.result}`}
      data-marked={marked || undefined}
      style={{ transform: `translateY(${offset}px)` }}
    >
      <div role="cell" className={classes.mark}>
        <Checkbox
          size="xs"
          checked={marked}
          onChange={onMark}
          aria-label={t('results.mark', { name: `${trace.rootService}: ${trace.rootName || trace.traceId}` })}
        />
      </div>
      <div role="cell" className={classes.trace}>
        <Link
          ref={link}
          to="/trace/$traceId"
          params={{ traceId: trace.traceId }}
          className={classes.link}
          onFocus={onFocus}
        >
          <span className={classes.root}>{trace.rootService}</span>
          <span className={classes.name}>{trace.rootName || t('trace.unnamed')}</span>
          {!trace.hasRoot && <span className={classes.note}>{t('results.rootMissing')}</span>}
        </Link>
        <div className={classes.services}>
          {services.slice(0, MOST_SERVICES).map((s) => (
            <span
              key={s.name}
              className={classes.one}
              title={t('results.serviceSpans', {
                service: s.name,
                spans: format.count(s.spans),
                errors: format.count(s.errors),
              })}
            >
              <ServiceName name={s.name} colour={colours.get(s.name)} />{' '}
              <span className={classes.count}>{format.count(s.spans)}</span>
            </span>
          ))}
        </div>
      </div>
      <div role="cell" className={classes.when} title={format.instant(start)}>
        <span>{format.instantShort(start)}</span>
        <span className={classes.ago}>{format.ago(start)}</span>
      </div>
      <div role="cell" className={classes.duration}>
        <span>{format.duration(trace.durationNs)}</span>
        <span className={classes.track} aria-hidden="true">
          <span
            className={classes.bar}
            style={{
              width: `${Math.max(1, (100 * trace.durationNs) / slowest)}%`,
              backgroundColor: colourOf(colours.get(trace.rootService), theme),
            }}
          />
        </span>
      </div>
      <div role="cell" className={classes.number}>
        {format.count(trace.spans)}
      </div>
      <div role="cell" className={classes.number}>
        {trace.errors > 0 ? (
          <span className={classes.errors}>
            <IconAlertTriangleFilled size={13} aria-hidden="true" /> {format.count(trace.errors)}
          </span>
        ) : (
          <span className={classes.none}>{t('results.noErrors')}</span>
        )}
      </div>
    </div>
  );
}
