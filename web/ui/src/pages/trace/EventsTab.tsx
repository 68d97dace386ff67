import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { parseInstant, since } from '../../units';
import { AttributeList } from './AttributesTab';
import classes from './SpanPanel.module.css';

export function EventsTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  if (span.events.length === 0) return <p className={classes.none}>{t('span.noEvents')}</p>;
  const start = parseInstant(span.startNs);
  return (
    <ol className={classes.entries}>
      {span.events.map((event, index) => {
        const offset = since(parseInstant(event.timeNs), start);
        const where = format.duration(Math.abs(offset));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity but their place
          <li key={index} className={classes.entry} data-exception={event.name === 'exception' || undefined}>
            <h3>{event.name}</h3>
            <p className={classes.when} title={format.instant(parseInstant(event.timeNs))}>
              {offset < 0 ? t('span.beforeStart', { offset: where }) : t('span.atOffset', { offset: where })}
            </p>
            <AttributeList attributes={event.attributes} dropped={event.droppedAttributes} />
          </li>
        );
      })}
      {span.droppedEvents > 0 && (
        <li className={classes.none}>{t('span.dropped', { count: span.droppedEvents })}</li>
      )}
    </ol>
  );
}
