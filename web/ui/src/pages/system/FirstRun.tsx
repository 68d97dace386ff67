import { Loader, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo, useNewestTrace } from '../../api/queries';
import { CopyButton } from '../../components/CopyButton';
import { curlSnippet, endpointOf, sdkSnippet } from './snippets';
import classes from './system.module.css';

const POLL_MS = 2000;

/** Shown while nothing is stored: where to send, something to try, and the first trace as soon as it is there. */
export function FirstRun() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const info = useInfo();
  const newest = useNewestTrace(true, POLL_MS);
  const traceId = newest.data?.traces[0]?.traceId;
  useEffect(() => {
    if (traceId) void navigate({ to: '/trace/$traceId', params: { traceId } });
  }, [traceId, navigate]);
  const ingest = info.data?.ingest ?? [];
  const authRequired = info.data?.authRequired ?? false;
  const http = endpointOf(ingest, 'otlp-http');
  return (
    <div className={classes.centre}>
      <div className={`${classes.card} ${classes.wide}`}>
        <Stack gap="lg">
          <Stack gap={4}>
            <Title order={1}>{t('firstRun.title')}</Title>
            <Text c="dimmed">{t('firstRun.lead')}</Text>
          </Stack>
          <span className={classes.waiting} role="status">
            <Loader size="xs" />
            {t('firstRun.waiting')}
          </span>
          {info.data && ingest.length === 0 && <Text>{t('firstRun.noEndpoints')}</Text>}
          {ingest.length > 0 && (
            <Stack gap="xs">
              <Title order={2}>{t('firstRun.endpoints')}</Title>
              <dl className={classes.endpoints}>
                {ingest.map(({ protocol, address }) => (
                  <div key={protocol} style={{ display: 'contents' }}>
                    <dt>{protocol}</dt>
                    <dd>
                      <code>{address}</code>
                      <CopyButton text={address} label={`${t('state.copy')} ${protocol}`} />
                    </dd>
                  </div>
                ))}
              </dl>
            </Stack>
          )}
          {http && (
            <>
              <Snippet
                title={t('firstRun.snippet')}
                hint={t('firstRun.snippetHint')}
                text={curlSnippet(http, authRequired)}
              />
              <Snippet title={t('firstRun.environment')} text={sdkSnippet(http, authRequired)} />
            </>
          )}
        </Stack>
      </div>
    </div>
  );
}

function Snippet({ title, hint, text }: { title: string; hint?: string; text: string }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs">
      <div>
        <Title order={2}>{title}</Title>
        {hint && (
          <Text c="dimmed" size="xs">
            {hint}
          </Text>
        )}
      </div>
      <pre className={classes.snippet}>
        {text}
        <span className={classes.corner}>
          <CopyButton text={text} label={`${t('state.copy')}: ${title}`} />
        </span>
      </pre>
    </Stack>
  );
}
