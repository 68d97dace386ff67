import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { type Sample, useErrorGroups, useTraceSample } from '../../api/search';
import { type Column, DataTable } from '../../components/DataTable';
import { Result } from '../../components/Result';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { ServiceColour } from '../../lib/colour';
import { writeCondition } from '../../lib/condition';
import type { RangeText } from '../../lib/range';
import type { Grouping, TraceSearch } from '../../lib/trace-search';
import classes from './Groups.module.css';
import { groupTraces, type TraceGroup } from './groups';

type Props = {
  by: Exclude<Grouping, 'none'>;
  request: SearchRequest;
  range: RangeText;
  colours: Map<string, ServiceColour>;
  sort: string;
  onSort: (sort: string) => void;
  onPick: (change: Partial<TraceSearch>) => void;
  search: TraceSearch;
};

/** The traces found, grouped, with how long each group's take and how many of them fail. */
export function Groups({ by, ...props }: Props) {
  return (
    <div className={classes.groups}>
      {by === 'error' ? <ErrorGroups {...props} /> : <SampleGroups by={by} {...props} />}
    </div>
  );
}

type Rest = Omit<Props, 'by'>;

function SampleGroups({ by, request, range, ...rest }: Rest & { by: 'root' | 'service' }) {
  const { t } = useTranslation();
  const { refetchInterval } = useRange();
  const sample = useTraceSample(request, range, { refetchInterval });
  return (
    <Result query={sample} isEmpty={({ traces }) => traces.length === 0}>
      {(data: Sample) => (
        <Table
          {...rest}
          by={by}
          groups={groupTraces(data.traces, by)}
          note={
            data.complete
              ? t('groups.all', { count: data.traces.length })
              : t('groups.sample', { count: data.traces.length })
          }
        />
      )}
    </Result>
  );
}

function ErrorGroups({ request, ...rest }: Rest) {
  const { t } = useTranslation();
  const { refetchInterval } = useRange();
  const groups = useErrorGroups(request, refetchInterval);
  return (
    <Result query={groups} isEmpty={(data) => data.length === 0}>
      {(data) => <Table {...rest} by="error" groups={data} note={t('groups.errorNote')} />}
    </Result>
  );
}

type TableProps = Omit<Rest, 'request' | 'range'> & {
  by: Props['by'];
  groups: TraceGroup[];
  note: string;
};

function Table({ by, groups, note, colours, sort, onSort, onPick, search }: TableProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const columns = useMemo((): Column<TraceGroup>[] => {
    const into = (group: TraceGroup): Partial<TraceSearch> =>
      by === 'error'
        ? {
            attr: withOne(
              search.attr,
              writeCondition({ key: 'error.type', operator: '=', value: group.key }),
            ),
          }
        : { service: group.service, ...(group.name !== undefined && { operation: group.name }) };
    const percent = (group: TraceGroup) => (100 * group.failed) / Math.max(1, group.count);
    return [
      {
        id: 'group',
        label: t(`groups.head.${by}`),
        value: (group) => group.key,
        render: (group) => (
          <button type="button" className={classes.pick} onClick={() => onPick(into(group))}>
            {by === 'error' ? (
              <code>{group.key}</code>
            ) : (
              <>
                <ServiceName name={group.service ?? ''} colour={colours.get(group.service ?? '')} />
                {group.name !== undefined && (
                  <span className={classes.name}>{group.name || t('trace.unnamed')}</span>
                )}
              </>
            )}
          </button>
        ),
      },
      {
        id: 'count',
        label: t('groups.traces'),
        numeric: true,
        width: '7rem',
        value: (group) => group.count,
        render: (group) => format.count(group.count),
      },
      {
        id: 'p50',
        label: 'p50',
        numeric: true,
        width: '7rem',
        value: (group) => group.p50,
        render: (group) => format.duration(group.p50),
      },
      {
        id: 'p95',
        label: 'p95',
        numeric: true,
        width: '7rem',
        value: (group) => group.p95,
        render: (group) => format.duration(group.p95),
      },
      {
        id: 'failed',
        label: t('groups.failed'),
        numeric: true,
        width: '7rem',
        value: percent,
        render: (group) =>
          group.failed === 0 ? (
            <span className={classes.none}>{t('results.noErrors')}</span>
          ) : (
            <span className={classes.failed}>{`${format.ratio(percent(group))} %`}</span>
          ),
      },
    ];
  }, [by, colours, format, onPick, search.attr, t]);
  return (
    <>
      <p className={classes.note}>{note}</p>
      <DataTable
        label={t('groups.label')}
        rows={groups}
        columns={columns}
        rowId={(group) => group.key}
        sort={sort}
        onSort={onSort}
      />
    </>
  );
}

const withOne = (attr: readonly string[] | undefined, text: string) => [...new Set([...(attr ?? []), text])];
