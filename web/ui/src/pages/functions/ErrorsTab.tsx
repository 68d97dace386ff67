import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { SAMPLE, useInvocationSample } from '../../api/functions';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { type FailureGroup, groupFailures } from '../../lib/runs';
import { parseInstant } from '../../units';
import { Origins } from '../service/Origins';
import { TraceLink } from './cells';
import classes from './functions.module.css';
import { type FUNCTION, type FunctionState, OUTCOMES } from './view';

type Props = { name: string; state: FunctionState; replace: Change<typeof FUNCTION> };

// All that the server counts as an error, and throttling, which the caller sees as one.
const FAILURES = OUTCOMES.filter((outcome) => outcome !== 'success' && outcome !== 'canceled');

export function ErrorsTab({ name, state, replace }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { version } = state;
  const sample = useInvocationSample(name, useRange(), {
    outcome: FAILURES,
    ...(version && { version: [version] }),
  });
  const groups = useMemo(() => groupFailures(sample.data?.invocations ?? []), [sample.data]);
  return (
    <div className={classes.stack}>
      <Panel
        title={t('fn.failures')}
        note={sample.data?.nextCursor && t('fn.newest', { n: format.count(SAMPLE) })}
      >
        <Result
          query={sample}
          height={160}
          isEmpty={() => groups.length === 0}
          empty={<Empty title={t('fn.noFailures')} />}
        >
          {() => (
            <Failures
              rows={groups}
              sort={state.sort ?? '-count'}
              onSort={(sort) => replace({ sort: sort === '-count' ? undefined : sort })}
            />
          )}
        </Result>
      </Panel>
      <Origins name={name} />
    </div>
  );
}

function Failures({
  rows,
  sort,
  onSort,
}: {
  rows: readonly FailureGroup[];
  sort: string;
  onSort: (sort: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormats();
  const columns = useMemo(
    (): Column<FailureGroup>[] => [
      {
        id: 'outcome',
        label: t('fn.outcomeTitle'),
        value: (row) => row.outcome,
        render: (row) => {
          const known = OUTCOMES.find((one) => one === row.outcome);
          return known ? t(`fn.outcome.${known}`) : row.outcome;
        },
      },
      {
        id: 'type',
        label: t('fn.type'),
        value: (row) => row.type,
        render: (row) => <span className={classes.mono}>{row.type || '–'}</span>,
      },
      {
        id: 'message',
        label: t('fn.message'),
        value: (row) => row.message,
        render: (row) =>
          row.message ? (
            <span className={classes.clip} title={row.message}>
              {row.message}
            </span>
          ) : (
            <span className={classes.dim}>{t('fn.noMessage')}</span>
          ),
      },
      {
        id: 'count',
        label: t('fn.count'),
        numeric: true,
        value: (row) => row.count,
        render: (row) => format.count(row.count),
      },
      {
        id: 'versions',
        label: t('fn.versions'),
        render: (row) => row.versions.join(', '),
      },
      {
        id: 'lastSeen',
        label: t('fn.lastSeen'),
        numeric: true,
        value: (row) => Number(row.lastNs),
        render: (row) => (
          <span className={classes.nowrap} title={format.instant(parseInstant(row.lastNs))}>
            {format.ago(parseInstant(row.lastNs))}
          </span>
        ),
      },
      {
        id: 'examples',
        label: t('fn.examples'),
        render: (row) => <Examples of={row.message || row.outcome} examples={row.examples} />,
      },
    ],
    [t, format],
  );
  return (
    <DataTable
      label={t('fn.failures')}
      rows={rows}
      columns={columns}
      rowId={(row) => row.id}
      sort={sort}
      onSort={onSort}
    />
  );
}

/** Links to some traces, numbered. */
export function Examples({
  of,
  examples,
}: {
  of: string;
  examples: readonly { traceId: string; spanId: string }[];
}) {
  const { t } = useTranslation();
  if (examples.length === 0) return <span className={classes.dim}>{t('fn.noTrace')}</span>;
  return (
    <span className={classes.links}>
      {examples.map(({ traceId, spanId }, i) => (
        <TraceLink
          key={`${traceId}${spanId}`}
          traceId={traceId}
          spanId={spanId}
          text={String(i + 1)}
          label={`${t('fn.example', { n: i + 1 })}: ${of}`}
        />
      ))}
    </span>
  );
}
