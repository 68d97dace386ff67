import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type FunctionDetail, useFunction, type VersionRuns } from '../../api/functions';
import { type Column, DataTable } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { TimeChart } from '../../components/TimeChart';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { PALETTE } from '../../lib/colour';
import { versionMarks } from '../../lib/runs';
import { useTheme } from '../../theme/use-theme';
import { parseInstant, toMillis } from '../../units';
import { Duration, ErrorShare, Some } from './cells';
import classes from './functions.module.css';
import { useBrush } from './OverviewCharts';
import type { FUNCTION, FunctionState } from './view';

type Props = {
  name: string;
  state: FunctionState;
  change: Change<typeof FUNCTION>;
  replace: Change<typeof FUNCTION>;
};

// More lines than this are not told apart.
const MOST_LINES = 8;

/** The versions beside each other: did the new one make it worse? */
export function VersionsTab({ name, state, change, replace }: Props) {
  const { t } = useTranslation();
  const detail = useFunction(name, useRange());
  return (
    <Result
      query={detail}
      height={360}
      isEmpty={(data) => data.versions.length === 0}
      empty={<Empty title={t('fn.notInvoked')} />}
    >
      {(data) => (
        <div className={classes.stack}>
          <ByVersion data={data} />
          <Panel title={t('fn.versions')}>
            <VersionsTable
              rows={data.versions}
              sort={state.sort ?? '-lastSeen'}
              onSort={(sort) => replace({ sort: sort === '-lastSeen' ? undefined : sort })}
              selected={state.version}
              onChoose={(version) => change({ tab: undefined, version, sort: undefined })}
            />
          </Panel>
        </div>
      )}
    </Result>
  );
}

function ByVersion({ data }: { data: FunctionDetail }) {
  const { t } = useTranslation();
  const format = useFormats();
  const theme = useTheme();
  const brush = useBrush();
  const chart = useMemo(
    () => ({
      timesMs: data.points.map(({ startNs }) => toMillis(parseInstant(startNs))),
      marks: versionMarks(data.points),
      series: data.versions.slice(0, MOST_LINES).map(({ version }, i) => ({
        label: version || '–',
        colour: PALETTE[theme][i] ?? '',
        values: data.points.map(
          ({ versions }) => versions.find((one) => one.version === version)?.invocations ?? 0,
        ),
      })),
    }),
    [data, theme],
  );
  return (
    <div className={classes.chart}>
      <TimeChart label={t('fn.byVersionOverTime')} format={format.compact} onRange={brush} {...chart} />
    </div>
  );
}

type TableProps = {
  rows: readonly VersionRuns[];
  sort: string;
  onSort: (sort: string) => void;
  selected: string | undefined;
  onChoose: (version: string) => void;
};

function VersionsTable({ rows, sort, onSort, selected, onChoose }: TableProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const columns = useMemo((): Column<VersionRuns>[] => {
    const duration = (id: 'p50' | 'p95' | 'p99'): Column<VersionRuns> => ({
      id,
      label: id,
      numeric: true,
      value: (row) => row[`${id}Ns`],
      render: (row) => <Duration ns={row[`${id}Ns`]} />,
    });
    const count = (id: 'invocations' | 'coldStarts', label: string): Column<VersionRuns> => ({
      id,
      label,
      numeric: true,
      value: (row) => row[id],
      render: (row) => format.count(row[id]),
    });
    return [
      {
        id: 'version',
        label: t('fn.version'),
        value: (row) => row.version,
        render: (row) => (
          <button
            type="button"
            className={classes.textButton}
            title={t('fn.onlyThis')}
            onClick={() => onChoose(row.version)}
          >
            {row.version || '–'}
          </button>
        ),
      },
      count('invocations', t('fn.invocations')),
      {
        id: 'errorRate',
        label: t('fn.errorRate'),
        numeric: true,
        value: (row) => row.errorRate,
        render: (row) => <ErrorShare share={row.errorRate} />,
      },
      duration('p50'),
      duration('p95'),
      duration('p99'),
      count('coldStarts', t('fn.coldStarts')),
      {
        id: 'cold',
        label: t('fn.cold'),
        numeric: true,
        value: (row) => row.coldShare,
        render: (row) => percent(row.coldShare),
      },
      {
        id: 'timeouts',
        label: t('fn.timeouts'),
        numeric: true,
        value: (row) => row.timeouts,
        render: (row) => <Some n={row.timeouts} bad />,
      },
      {
        id: 'throttles',
        label: t('fn.throttles'),
        numeric: true,
        value: (row) => row.throttles,
        render: (row) => <Some n={row.throttles} bad />,
      },
      {
        id: 'lastSeen',
        label: t('fn.lastSeen'),
        numeric: true,
        value: (row) => Number(row.lastSeenNs),
        render: (row) => <span className={classes.nowrap}>{format.ago(parseInstant(row.lastSeenNs))}</span>,
      },
    ];
  }, [t, format, percent, onChoose]);
  return (
    <DataTable
      label={t('fn.versions')}
      rows={rows}
      columns={columns}
      rowId={(row) => row.version}
      sort={sort}
      onSort={onSort}
      selected={selected}
    />
  );
}
