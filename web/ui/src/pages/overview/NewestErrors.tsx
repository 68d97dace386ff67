import { Button } from '@mantine/core';
import { IconFileText, IconPlayerPause, IconPlayerPlay, IconTimeline } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNewestErrors } from '../../api/overview';
import { keepTimeAnd } from '../../components/Navigation';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { type ErrorEntry, newestErrors } from './errors';
import classes from './OverviewPage.module.css';
import { Panel, PanelSkeleton } from './Panel';

const SHOWN = 50;
const POLL_MS = 5_000;

/** The newest error records and failed traces. Unless held, a range that ends now asks again by itself. */
export function NewestErrors({ still, onStill }: { still: boolean; onStill: (still: boolean) => void }) {
  const { t } = useTranslation();
  const { range, params } = useRange();
  const follows = range.to === 'now' && !still;
  const query = useNewestErrors({ params, refetchInterval: follows && POLL_MS });
  const entries = useMemo(
    () => (query.data ? newestErrors(query.data.logs, query.data.traces, SHOWN) : []),
    [query.data],
  );
  return (
    <Panel
      title={t('overview.newest')}
      hint={
        <>
          <Link to="/traces" search={keepTimeAnd({ errors: 'true' })}>
            {t('overview.allErrors')}
          </Link>
          {' · '}
          <Link to="/logs" search={keepTimeAnd({ minSeverity: 'error' })}>
            {t('overview.allRecords')}
          </Link>
        </>
      }
      actions={
        range.to === 'now' && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-pressed={still}
            leftSection={
              still ? (
                <IconPlayerPlay size={13} aria-hidden="true" />
              ) : (
                <IconPlayerPause size={13} aria-hidden="true" />
              )
            }
            onClick={() => onStill(!still)}
          >
            {still ? t('overview.resume') : t('overview.pause')}
          </Button>
        )
      }
    >
      <Result
        query={query}
        skeleton={<PanelSkeleton height={250} />}
        isEmpty={() => entries.length === 0}
        empty={<Empty title={t('overview.noErrors')} />}
      >
        {() => (
          <ul className={classes.tail} aria-label={t('overview.newestHint')}>
            {entries.map((entry) => (
              <Entry key={entry.key} entry={entry} />
            ))}
          </ul>
        )}
      </Result>
    </Panel>
  );
}

function Entry({ entry }: { entry: ErrorEntry }) {
  const { t } = useTranslation();
  const format = useFormats();
  const Icon = entry.kind === 'trace' ? IconTimeline : IconFileText;
  const text = entry.text || t('overview.unnamed');
  return (
    <li className={classes.entry}>
      <time className={classes.when} title={format.instant(entry.atNs)}>
        {format.clock(entry.atNs)}
      </time>
      <span className={classes.kind}>
        <Icon size={14} aria-hidden="true" /> {t(`overview.${entry.kind}`)}
      </span>
      <strong className={classes.service}>{entry.service}</strong>
      {entry.traceId ? (
        <Link
          to="/trace/$traceId"
          params={{ traceId: entry.traceId }}
          search={entry.spanId ? { s: entry.spanId, tab: 'logs' } : {}}
          className={classes.lineLink}
          title={text}
        >
          {text}
        </Link>
      ) : (
        <span className={classes.text} title={text}>
          {text}
        </span>
      )}
      {entry.kind === 'trace' && (
        <span className={classes.rest}>{t('overview.traceSpans', { count: entry.errors })}</span>
      )}
    </li>
  );
}
