import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Comparison } from '../../api/overview';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { parseInstant, toMillis } from '../../units';
import { ChangeLine } from './ChangeLine';
import { changesOf, comparable } from './changes';
import classes from './OverviewPage.module.css';
import { Panel, PanelSkeleton } from './Panel';

/** How many lines there are before one asks for the rest. */
const FEW = 8;

/** What differs from the time of the same length before, the most important first. */
export function Changes({ query }: { query: UseQueryResult<Comparison> }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [all, setAll] = useState(false);
  const { data } = query;
  const ends = data && {
    from: format.moment(toMillis(parseInstant(data.diff.baseFromNs))),
    to: format.moment(toMillis(parseInstant(data.diff.baseToNs))),
  };
  const changes = useMemo(
    () => (data ? changesOf(data.diff, data.functionsBefore, data.functionsNow) : []),
    [data],
  );
  return (
    <Panel
      title={t('overview.changed')}
      hint={ends && t('overview.changedHint', ends)}
      actions={
        changes.length > FEW &&
        data &&
        comparable(data.diff, data.functionsBefore) && (
          <Button size="compact-xs" variant="subtle" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t('overview.showFew') : t('overview.showAll', { count: changes.length })}
          </Button>
        )
      }
    >
      <Result
        query={query}
        skeleton={<PanelSkeleton height={250} />}
        isEmpty={({ diff, functionsBefore }) => !comparable(diff, functionsBefore) || changes.length === 0}
        empty={
          data && ends && comparable(data.diff, data.functionsBefore) ? (
            <Empty title={t('overview.nothingChanged')}>{t('overview.nothingChangedHint', ends)}</Empty>
          ) : (
            <Empty title={t('overview.nothingBefore')}>{ends && t('overview.nothingBeforeHint', ends)}</Empty>
          )
        }
      >
        {() => (
          <ul className={classes.lines}>
            {(all ? changes : changes.slice(0, FEW)).map((change) => (
              <ChangeLine
                key={
                  'edge' in change
                    ? `${change.kind} ${change.edge.type} ${change.edge.source} ${change.edge.target}`
                    : `${change.kind} ${change.name}`
                }
                change={change}
              />
            ))}
          </ul>
        )}
      </Result>
    </Panel>
  );
}
