import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Log } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { AttributeList } from '../trace/AttributesTab';
import { LongText } from '../trace/LongText';
import classes from './LogsPage.module.css';
import { exceptionOf } from './records';
import type { LogsState } from './view';

const EXCEPTION = new Set(['exception.type', 'exception.message', 'exception.stacktrace']);

type Props = { log: Log; onFilter: (changes: Partial<LogsState>) => void };

/** All that a record holds, and where it leads. */
export function LogDetail({ log, onFilter }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const exception = exceptionOf(log);
  const attributes = log.attributes.filter(({ key }) => !exception || !EXCEPTION.has(key));
  const { traceId, spanId, service } = log;
  const structured = log.body.type !== 'string' || log.body.value.trimStart().startsWith('{');
  return (
    <div className={classes.detail}>
      <div className={classes.actions}>
        {traceId && (
          <Button
            size="compact-xs"
            variant="default"
            renderRoot={(props) => (
              <Link
                to="/trace/$traceId"
                params={{ traceId }}
                search={spanId ? { s: spanId, tab: 'logs' } : {}}
                {...props}
              />
            )}
          >
            {t(spanId ? 'logs.openSpan' : 'logs.openTrace')}
          </Button>
        )}
        {traceId && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onFilter({ traceId, service: undefined, text: undefined, minSeverity: undefined })}
          >
            {t('logs.onlyTrace')}
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={() => onFilter({ service })}>
          {t('logs.onlyService')}
        </Button>
        <span className={classes.facts}>
          {t('logs.written')}: {format.instant(parseInstant(log.timeNs))}
          {log.observedNs !== '0' && (
            <>
              {' · '}
              {t('logs.received')}: {format.instant(parseInstant(log.observedNs))}
            </>
          )}
          {log.eventName && ` · ${t('logs.event')}: ${log.eventName}`}
        </span>
        <CopyButton text={JSON.stringify(log, null, 2)} label={t('logs.copy')} />
      </div>
      <LongText text={structured ? indented(log.body.value) : log.body.value} code={structured} />
      {exception && (
        <Part title={t('logs.exception')}>
          <p className={classes.exception}>
            <strong>{exception.type}</strong> {exception.message}
          </p>
          {exception.stack && <LongText text={exception.stack} code />}
        </Part>
      )}
      <div className={classes.parts}>
        {attributes.length > 0 && (
          <Part title={t('logs.attributes')}>
            <AttributeList attributes={attributes} dropped={log.droppedAttributes} />
          </Part>
        )}
        <Part title={t('logs.resource')}>
          <AttributeList attributes={log.resource.attributes} dropped={log.resource.droppedAttributes} />
        </Part>
        {log.scope.name && (
          <Part title={t('logs.scope')}>
            <p>
              {log.scope.name} {log.scope.version}
            </p>
            <AttributeList attributes={log.scope.attributes} dropped={log.scope.droppedAttributes} />
          </Part>
        )}
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** JSON is indented to be read; whatever is not JSON after all stays as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
