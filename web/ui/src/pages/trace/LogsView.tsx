import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTraceLogs } from '../../api/trace';
import { Empty, Result } from '../../components/Result';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import { LOG_LEVELS } from '../../lib/trace-view';
import type { TraceModel } from '../../trace/model';
import { parseInstant, since } from '../../units';
import { LongText } from './LongText';
import { useFileSource } from './source';
import classes from './Views.module.css';

// OTLP severity numbers.
const LEVELS = { all: 0, warn: 13, error: 17 } as const;
const level = (n: number) => (n >= LEVELS.error ? 'error' : n >= LEVELS.warn ? 'warn' : 'info');
/** More rows than this at once are no reading matter; the rest comes on request. */
const STEP = 500;

type Props = {
  model: TraceModel;
  colours: Map<string, ServiceColour>;
  selected: string | undefined;
  onSelect: (spanId: string) => void;
  /** The least severity on show. */
  least: keyof typeof LEVELS;
  onLeast: (least: keyof typeof LEVELS) => void;
};

/** All log records of the trace by time, each with the way to its span. */
export function LogsView({ model, colours, selected, onSelect, least, onLeast }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const logs = useTraceLogs(model.traceId);
  const [shown, setShown] = useState(STEP);
  const file = useFileSource();
  if (file) return <Empty title={t('file.noLogs')} />;
  return (
    <div className={classes.scroll}>
      <Result
        query={logs}
        isEmpty={(all) => (all ?? []).length === 0}
        empty={<Empty title={t('traceLogs.none')} />}
      >
        {(all) => {
          const rows = (all ?? []).filter((log) => log.severityNumber >= LEVELS[least]);
          return (
            <>
              <fieldset className={classes.levels}>
                <legend>{t('traceLogs.least')}</legend>
                {LOG_LEVELS.map((name) => (
                  <button
                    key={name}
                    type="button"
                    aria-pressed={name === least}
                    onClick={() => onLeast(name)}
                  >
                    {t(`traceLogs.${name}`)}
                  </button>
                ))}
              </fieldset>
              <table className={classes.logs} aria-label={t('traceLogs.label')}>
                <tbody>
                  {rows.slice(0, shown).map((log, i) => {
                    const at = parseInstant(log.timeNs === '0' ? log.observedNs : log.timeNs);
                    const row = model.rowOf.get(log.spanId ?? '');
                    return (
                      <tr
                        // biome-ignore lint/suspicious/noArrayIndexKey: log records have no identity but their place
                        key={i}
                        data-level={level(log.severityNumber)}
                        aria-current={(row !== undefined && log.spanId === selected) || undefined}
                      >
                        <td className={classes.when} title={format.instant(at)}>
                          +{format.duration(Math.max(0, since(at, model.startNs)))}
                        </td>
                        <td className={classes.severity}>{log.severityText || log.severityNumber || ''}</td>
                        <td className={classes.who}>
                          <ServiceName name={log.service} colour={colours.get(log.service)} />
                        </td>
                        <td className={classes.body}>
                          <LongText text={log.body.value || log.eventName} />
                        </td>
                        <td>
                          {row !== undefined && (
                            <button
                              type="button"
                              className={classes.link}
                              title={t('traceLogs.toSpan')}
                              onClick={() => onSelect(log.spanId ?? '')}
                            >
                              {model.names[model.name[row] ?? -1] || t('trace.unnamed')}
                            </button>
                          )}
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
              {rows.length > shown && (
                <button type="button" className={classes.link} onClick={() => setShown(shown + STEP)}>
                  {t('span.showAll')} ({format.count(rows.length - shown)})
                </button>
              )}
            </>
          );
        }}
      </Result>
    </div>
  );
}
