import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { parseInstant } from '../../units';
import { AttributeList } from './AttributesTab';
import classes from './SpanPanel.module.css';

/** Spans this one names, and spans that name this one: how a queue's two ends find each other. */
export function LinksTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  if (span.links.length + span.linkedFrom.length === 0)
    return <p className={classes.none}>{t('span.noLinks')}</p>;
  return (
    <>
      {span.links.length > 0 && (
        <section className={classes.section}>
          <h3>{t('span.linksTo')}</h3>
          <ul className={classes.entries}>
            {span.links.map((link) => (
              <li key={`${link.traceId} ${link.spanId}`} className={classes.entry}>
                <Link to="/trace/$traceId" params={{ traceId: link.traceId }} search={{ s: link.spanId }}>
                  <code>
                    {link.traceId} / {link.spanId}
                  </code>
                </Link>
                <AttributeList attributes={link.attributes} dropped={link.droppedAttributes} />
              </li>
            ))}
          </ul>
          {span.droppedLinks > 0 && (
            <p className={classes.none}>{t('span.dropped', { count: span.droppedLinks })}</p>
          )}
        </section>
      )}
      {span.linkedFrom.length > 0 && (
        <section className={classes.section}>
          <h3>{t('span.linkedFrom')}</h3>
          <ul className={classes.entries}>
            {span.linkedFrom.map((from) => (
              <li key={`${from.traceId} ${from.spanId}`} className={classes.entry}>
                <Link to="/trace/$traceId" params={{ traceId: from.traceId }} search={{ s: from.spanId }}>
                  {from.service}: {from.name || t('trace.unnamed')}
                </Link>
                <p className={classes.when}>{format.instant(parseInstant(from.startNs))}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
