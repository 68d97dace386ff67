import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type TraceBody, useTracesThrough } from '../../api/topology';
import { keepTime } from '../../components/Navigation';
import { Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { parseInstant } from '../../units';
import classes from './MapPage.module.css';

const SHOWN = 6;

/** The newest traces that really pass through an edge, those in which the call failed first. */
export function EdgeTraces({ all, failing }: { all: TraceBody; failing: TraceBody | undefined }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { params, refetchInterval } = useRange();
  const bad = useTracesThrough(
    { ...failing, ...params, limit: SHOWN },
    failing !== undefined,
    refetchInterval,
  );
  const any = useTracesThrough({ ...all, ...params, limit: SHOWN }, true, refetchInterval);
  const errors = failing && bad.data ? bad.data.traces : [];
  const seen = new Set(errors.map(({ traceId }) => traceId));
  return (
    <section className={classes.section}>
      <h3>{t('map.tracesThrough')}</h3>
      <Result
        query={any}
        height={120}
        isEmpty={(data) => data?.traces.length === 0}
        empty={<p className={classes.dimmed}>{t('map.noTraces')}</p>}
      >
        {(data) => (
          <ul className={classes.rows}>
            {[
              ...errors.map((trace) => ({ trace, failed: true })),
              ...data.traces
                .filter(({ traceId }) => !seen.has(traceId))
                .map((trace) => ({ trace, failed: false })),
            ].map(({ trace, failed }) => (
              <li key={trace.traceId}>
                <Link
                  to="/trace/$traceId"
                  params={{ traceId: trace.traceId }}
                  search={keepTime as never}
                  className={classes.row ?? ''}
                >
                  <span>
                    {failed && <span className={classes.bad}>✖ </span>}
                    {trace.rootName}
                    <span className={classes.dimmed}> {format.clock(parseInstant(trace.startNs))}</span>
                  </span>
                  <span>{format.duration(Number(trace.durationNs))}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Result>
    </section>
  );
}
