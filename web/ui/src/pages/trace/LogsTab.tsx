import { useTranslation } from 'react-i18next';
import type { Log, SpanDetail } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { AttributeList } from './AttributesTab';
import { LongText } from './LongText';
import classes from './SpanPanel.module.css';
import { useFileSource } from './source';

// OTLP severity numbers: 13 is WARN, 17 is ERROR.
const level = (log: Log) => (log.severityNumber >= 17 ? 'error' : log.severityNumber >= 13 ? 'warn' : 'info');

export function LogsTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const file = useFileSource();
  if (span.logs.length === 0)
    return <p className={classes.none}>{t(file ? 'file.noLogs' : 'span.noLogs')}</p>;
  return (
    <ol className={classes.entries}>
      {span.logs.map((log, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: log records have no identity but their place
        <li key={index} className={classes.entry} data-level={level(log)}>
          <p className={classes.when}>
            <span title={format.instant(parseInstant(log.timeNs))}>
              {format.clock(parseInstant(log.timeNs))}
            </span>
            <strong className={classes.severity}>{log.severityText || log.severityNumber || ''}</strong>
            {log.eventName}
          </p>
          <LongText text={log.body.value} wholeBytes={log.body.wholeBytes} />
          {log.attributes.length > 0 && (
            <details>
              <summary>{t('span.logAttributes')}</summary>
              <AttributeList attributes={log.attributes} dropped={log.droppedAttributes} />
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}
