import { useTranslation } from 'react-i18next';
import type { Log } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { TraceLink } from '../functions/cells';
import classes from './LogTable.module.css';

// OTLP severity numbers: 13 is WARN, 17 is ERROR.
const level = (log: Log) => (log.severityNumber >= 17 ? 'error' : log.severityNumber >= 13 ? 'warn' : 'info');

// A record may carry many; the trace has them all.
const MOST_ATTRIBUTES = 6;

/** Log records line by line, each with a way to the span that wrote it. */
export function LogTable({ rows }: { rows: readonly Log[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  return (
    <div className={classes.box}>
      <table className={classes.table} aria-label={t('fn.tab.logs')}>
        <thead>
          <tr>
            <th scope="col">{t('fn.time')}</th>
            <th scope="col">{t('fn.level')}</th>
            <th scope="col">{t('fn.body')}</th>
            <th scope="col">{t('fn.trace')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((log, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: log records have no identity but their place
            <tr key={index}>
              <td className={classes.time} title={format.instant(parseInstant(log.timeNs))}>
                {format.instantShort(parseInstant(log.timeNs))}
              </td>
              <td className={classes.severity} data-level={level(log)}>
                {log.severityText || log.severityNumber || '–'}
              </td>
              <td className={classes.body}>
                {log.body.value || log.eventName}
                {log.attributes.slice(0, MOST_ATTRIBUTES).map(({ key, value }) => (
                  <span key={key} className={classes.attribute}>
                    {key}={value}
                  </span>
                ))}
              </td>
              <td>
                <TraceLink
                  traceId={log.traceId}
                  spanId={log.spanId}
                  label={t('fn.openTraceAt', { time: format.instant(parseInstant(log.timeNs)) })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
