import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { useLinkEnds } from '../../api/trace';
import { useFormats } from '../../components/use-formats';
import { parseInstant, since } from '../../units';
import { AttributeList } from './AttributesTab';
import classes from './SpanPanel.module.css';
import { useFileSource, useTraceRoute } from './source';

// A batch may have thousands; each costs a question.
const STEP = 20;

/** Spans this one names, and spans that name this one: how a queue's two ends find each other. */
export function LinksTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [shown, setShown] = useState(STEP);
  const route = useTraceRoute();
  if (span.links.length + span.linkedFrom.length === 0)
    return <p className={classes.none}>{t('span.noLinks')}</p>;
  return (
    <>
      {span.links.length > 0 && (
        <section className={classes.section}>
          <h3>{t('span.linksTo')}</h3>
          <LinksTo span={span} shown={shown} />
          {span.links.length > shown && (
            <Button size="compact-xs" variant="subtle" onClick={() => setShown(shown + STEP)}>
              {t('spanMore.moreLinks', { count: span.links.length - shown })}
            </Button>
          )}
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
                <Link to={route(from.traceId)} params={{ traceId: from.traceId }} search={{ s: from.spanId }}>
                  {from.service}: {from.name || t('trace.unnamed')}
                </Link>
                <p className={classes.when}>
                  {format.instant(parseInstant(from.startNs))} ·{' '}
                  <Apart ns={since(parseInstant(from.startNs), parseInstant(span.startNs))} />
                </p>
                <Ids traceId={from.traceId} spanId={from.spanId} own={span.traceId} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function LinksTo({ span, shown }: { span: SpanDetail; shown: number }) {
  const { t } = useTranslation();
  const format = useFormats();
  const file = useFileSource();
  const route = useTraceRoute();
  const links = span.links.slice(0, shown);
  const ends = useLinkEnds(links, file === undefined);
  return (
    <ul className={classes.entries}>
      {links.map((link, i) => {
        const end = ends[i];
        const other = file?.span(link.traceId, link.spanId) ?? end?.data;
        return (
          <li key={`${link.traceId} ${link.spanId}`} className={classes.entry} aria-busy={end?.isFetching}>
            <Link to={route(link.traceId)} params={{ traceId: link.traceId }} search={{ s: link.spanId }}>
              {other ? `${other.service}: ${other.name || t('trace.unnamed')}` : t('spanMore.linkEnd')}
            </Link>
            {other && (
              <p className={classes.when}>
                {format.duration(other.durationNs)} · {t(`kind.${other.kind}`)} ·{' '}
                <Apart ns={since(parseInstant(other.startNs), parseInstant(span.startNs))} />
              </p>
            )}
            {end?.isError && <p className={classes.when}>{t('spanMore.linkMissing')}</p>}
            <Ids traceId={link.traceId} spanId={link.spanId} own={span.traceId} />
            <AttributeList attributes={link.attributes} dropped={link.droppedAttributes} />
          </li>
        );
      })}
    </ul>
  );
}

/** How long before or after this span the other one began: the wait in the queue between them. */
function Apart({ ns }: { ns: number }) {
  const { t } = useTranslation();
  const format = useFormats();
  const time = format.duration(Math.abs(ns));
  return <span>{ns < 0 ? t('spanMore.earlier', { time }) : t('spanMore.later', { time })}</span>;
}

function Ids({ traceId, spanId, own }: { traceId: string; spanId: string; own: string }) {
  const { t } = useTranslation();
  return (
    <code className={classes.ids}>
      {traceId === own ? t('spanMore.thisTrace') : traceId} / {spanId}
    </code>
  );
}
