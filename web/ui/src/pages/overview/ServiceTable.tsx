import { Button } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconArrowDown,
  IconArrowUp,
  IconCircleCheck,
  IconHexagonFilled,
  IconTimeline,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Health } from '../../api/client';
import type { Comparison } from '../../api/overview';
import type { components } from '../../api/schema';
import { type Column, DataTable } from '../../components/DataTable';
import { keepTimeAnd } from '../../components/Navigation';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { assignColours } from '../../lib/colour';
import { differs } from './changes';
import classes from './OverviewPage.module.css';
import { Panel } from './Panel';
import { growth, type ServiceRow, serviceRows } from './service-rows';

type Props = {
  nodes: readonly components['schemas']['TopologyNode'][];
  /** Length of the range in seconds. */
  seconds: number;
  comparison: Comparison | undefined;
  sort: string;
  all: boolean;
  onSort: (sort: string) => void;
  onAll: (all: boolean) => void;
};

const FEW = 15;

/** Functions and services with what came to them, the worst first, and how that differs from before. */
export function ServiceTable({ nodes, seconds, comparison, sort, all, onSort, onAll }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const rows = useMemo(() => serviceRows(nodes, seconds, comparison), [nodes, seconds, comparison]);
  const columns = useColumns(rows);
  const shown = useMemo(() => (all ? rows : first(rows, columns, sort)), [all, rows, columns, sort]);
  if (rows.length === 0) return null;
  return (
    <Panel
      title={t('overview.services')}
      hint={
        shown.length < rows.length &&
        t('overview.worstOf', { shown: format.count(shown.length), total: format.count(rows.length) })
      }
      actions={
        rows.length > FEW && (
          <Button size="compact-xs" variant="subtle" aria-expanded={all} onClick={() => onAll(!all)}>
            {all ? t('overview.showFew') : t('overview.showAll', { count: rows.length })}
          </Button>
        )
      }
    >
      <div className={classes.table}>
        <DataTable
          label={t('overview.services')}
          rows={shown}
          columns={columns}
          rowId={({ now }) => now.id}
          sort={sort}
          onSort={onSort}
        />
      </div>
    </Panel>
  );
}

/** The first rows in the order of the table. */
function first(rows: readonly ServiceRow[], columns: readonly Column<ServiceRow>[], sort: string) {
  const value = columns.find(({ id }) => id === sort.replace(/^-/, ''))?.value;
  if (!value) return rows.slice(0, FEW);
  const sign = sort.startsWith('-') ? -1 : 1;
  const order = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort((a, b) => sign * order(value(a), value(b))).slice(0, FEW);
}

const SEVERITY: Record<Health, number> = { ok: 0, warn: 1, bad: 2 };
const ICONS = { ok: IconCircleCheck, warn: IconAlertTriangleFilled, bad: IconHexagonFilled };

function useColumns(rows: readonly ServiceRow[]): Column<ServiceRow>[] {
  const { t } = useTranslation();
  const format = useFormats();
  return useMemo(() => {
    const colours = assignColours(rows.map(({ now }) => ({ name: now.name, spans: now.calls })));
    return [
      {
        id: 'name',
        label: t('serviceTable.name'),
        value: ({ now }) => now.name,
        render: ({ now }) => (
          <span className={classes.name}>
            <Link
              to={now.kind === 'function' ? '/functions/$name' : '/services/$name'}
              params={{ name: now.name }}
              search={keepTimeAnd({})}
            >
              <ServiceName name={now.name} colour={colours.get(now.name)} />
            </Link>
            <span className={classes.rest}>
              {t(now.kind === 'function' ? 'serviceTable.function' : 'serviceTable.service')}
            </span>
          </span>
        ),
      },
      {
        id: 'health',
        label: t('serviceTable.health'),
        value: ({ now }) => SEVERITY[now.health],
        numeric: false,
        render: ({ now }) => {
          const Icon = ICONS[now.health];
          return (
            <span className={classes.state} data-tone={now.health}>
              <Icon size={14} aria-hidden="true" /> {t(`serviceTable.${now.health}`)}
            </span>
          );
        },
      },
      {
        id: 'rate',
        label: t('serviceTable.rate'),
        numeric: true,
        value: (row) => row.perSecond,
        render: (row) => (
          <Compared
            value={format.ratio(row.perSecond)}
            before={format.ratio(row.perSecondBefore)}
            by={growth(row.perSecond, row.perSecondBefore, row.now.calls, row.before?.calls ?? 0)}
            words={['change.more', 'change.less']}
          />
        ),
      },
      {
        id: 'errors',
        label: t('serviceTable.errors'),
        numeric: true,
        value: ({ now }) => now.errorRate,
        render: ({ now, before }) => {
          const sure = before && differs(before.errors, before.calls, now.errors, now.calls);
          return (
            <Compared
              value={format.percent(now.errorRate)}
              before={format.percent(before?.errorRate ?? 0)}
              by={sure ? now.errorRate - before.errorRate : undefined}
              words={['change.more', 'change.less']}
              relative={false}
              harmful
            />
          );
        },
      },
      {
        id: 'p95',
        label: t('serviceTable.p95'),
        numeric: true,
        value: ({ now }) => now.p95Ns,
        render: ({ now, before }) => (
          <Compared
            value={format.duration(now.p95Ns)}
            before={format.duration(before?.p95Ns ?? 0)}
            by={growth(now.p95Ns, before?.p95Ns ?? 0, now.calls, before?.calls ?? 0)}
            words={['change.longer', 'change.shorter']}
            harmful
          />
        ),
      },
      {
        id: 'cold',
        label: t('serviceTable.cold'),
        numeric: true,
        value: ({ cold }) => cold,
        render: ({ now, cold, coldShare }) =>
          now.kind === 'function' ? (
            <span>
              {format.count(cold)}{' '}
              <span className={classes.rest}>{cold > 0 && format.percent(coldShare)}</span>
            </span>
          ) : (
            <span className={classes.rest}>–</span>
          ),
      },
      {
        id: 'traces',
        label: t('shell.traces'),
        render: ({ now }) => (
          <Link
            to="/traces"
            search={keepTimeAnd({ service: now.name })}
            className={classes.icon}
            aria-label={t('serviceTable.open', { name: now.name })}
          >
            <IconTimeline size={16} aria-hidden="true" />
          </Link>
        ),
      },
    ];
  }, [rows, format, t]);
}

type ComparedProps = {
  value: string;
  before: string;
  /** By which share it grew; undefined says nothing. */
  by: number | undefined;
  /** Names of the words for more and for less. */
  words: readonly ['change.more' | 'change.longer', 'change.less' | 'change.shorter'];
  /** The share is of the value before, and not a difference of two shares. */
  relative?: boolean;
  /** More is worse. */
  harmful?: boolean;
};

/** A value and, where it differs from before, an arrow and in words by how much. */
function Compared({ value, before, by, words, relative = true, harmful = false }: ComparedProps) {
  const { t } = useTranslation();
  const format = useFormats();
  if (by === undefined) return <span>{value}</span>;
  const Icon = by > 0 ? IconArrowUp : IconArrowDown;
  const tone = !harmful ? 'other' : by > 0 ? 'worse' : 'better';
  return (
    <span title={t('change.before', { value: before })}>
      <span className={classes.by} data-tone={tone}>
        <Icon size={12} aria-hidden="true" />
        {by >= 1 && relative
          ? t('change.fold', { by: format.ratio(by + 1) })
          : t(by > 0 ? words[0] : words[1], { by: format.percent(Math.abs(by)) })}
      </span>{' '}
      {value}
    </span>
  );
}
