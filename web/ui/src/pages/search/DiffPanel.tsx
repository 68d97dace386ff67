import { ActionIcon, Tooltip } from '@mantine/core';
import { IconFilter, IconFilterOff } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { type Diff, useTraceDiff, type ValueDifference } from '../../api/search';
import { Empty, Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import type { TraceSearch } from '../../lib/trace-search';
import classes from './DiffPanel.module.css';
import { conditionsOf, type DiffGroup, groupDifferences } from './diff-rows';
import type { UpdateSearch } from './filters';

type Props = { selection: SearchRequest; base: SearchRequest; search: TraceSearch; update: UpdateSearch };

/** What the selected traces have that the others have not, or the other way round, the most telling first. */
export function DiffPanel({ selection, base, search, update }: Props) {
  const { t } = useTranslation();
  const diff = useTraceDiff(selection, base);
  return (
    <aside className={classes.panel} aria-label={t('diff.label')}>
      <h2 className={classes.title}>{t('diff.label')}</h2>
      <Result
        query={diff}
        height={320}
        isEmpty={({ differences }) => differences.length === 0}
        empty={<Nothing diff={diff.data} />}
      >
        {(data) => <Differences diff={data} search={search} update={update} />}
      </Result>
    </aside>
  );
}

function Nothing({ diff }: { diff: Diff | undefined }) {
  const { t } = useTranslation();
  const nobody = diff && (diff.selection.traces === 0 || diff.baseline.traces === 0);
  return <Empty title={nobody ? t('diff.nobody') : t('diff.nothing')} />;
}

type ListProps = { diff: Diff; search: TraceSearch; update: UpdateSearch };

function Differences({ diff, search, update }: ListProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const groups = useMemo(() => groupDifferences(diff.differences), [diff]);
  return (
    <>
      <p className={classes.lead}>
        {t('diff.lead', {
          selected: format.count(diff.selection.traces),
          others: format.count(diff.baseline.traces),
          values: format.count(diff.compared),
        })}
      </p>
      <p className={classes.keys}>
        <span className={classes.selected} aria-hidden="true" /> {t('diff.selection')}
        <span className={classes.others} aria-hidden="true" /> {t('diff.baseline')}
      </p>
      <ol className={classes.list}>
        {groups.map((group) => (
          <Group key={group.id} group={group} search={search} update={update} />
        ))}
      </ol>
    </>
  );
}

type GroupProps = { group: DiffGroup; search: TraceSearch; update: UpdateSearch };

function Group({ group, search, update }: GroupProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <li className={classes.group}>
      <div className={classes.key}>
        <code title={group.key}>{group.key}</code>
        {group.service && <span className={classes.service}>{group.service}</span>}
      </div>
      <Row difference={group.first} search={search} update={update} />
      {open &&
        group.more.map((one) => <Row key={idOf(one)} difference={one} search={search} update={update} />)}
      {group.more.length > 0 && (
        <button type="button" className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('facets.fewer') : t('diff.more', { count: group.more.length })}
        </button>
      )}
    </li>
  );
}

const idOf = (one: ValueDifference) => `${one.form} ${one.value ?? ''} ${one.low ?? ''}`;

type RowProps = { difference: ValueDifference; search: TraceSearch; update: UpdateSearch };

function Row({ difference, search, update }: RowProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const { coverage, baselineShare, lift, form, value, low = 0, high = 0, key } = difference;
  const number = (n: number) => (key === '@duration' ? format.duration(n) : format.count(n));
  const label =
    form === 'present'
      ? t('diff.anyValue')
      : form === 'range'
        ? `${number(low)} – ${number(high)}`
        : value || '""';
  const percent = (share: number) => `${format.count(Math.round(share * 100))} %`;
  const add = (conditions: string[]) =>
    update({ attr: [...new Set([...(search.attr ?? []), ...conditions])], brush: undefined });
  const keep = conditionsOf(difference, false);
  const drop = conditionsOf(difference, true);
  return (
    <div className={classes.row}>
      <div className={classes.value}>
        <span className={classes.text} title={label}>
          {label}
        </span>
        {keep && (
          <Tooltip label={t('diff.keep')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={24}
              aria-label={`${t('diff.keep')}: ${key} ${label}`}
              onClick={() => add(keep)}
            >
              <IconFilter size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        {drop && (
          <Tooltip label={t('diff.drop')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={24}
              aria-label={`${t('diff.drop')}: ${key} ${label}`}
              onClick={() => add(drop)}
            >
              <IconFilterOff size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Bar share={coverage} text={percent(coverage)} kind="selected" />
      <Bar share={baselineShare} text={percent(baselineShare)} kind="others" />
      <span className={classes.lift}>
        {lift === undefined
          ? t('diff.only')
          : coverage === 0
            ? t('diff.never')
            : t('diff.times', { times: format.ratio(lift) })}
      </span>
    </div>
  );
}

function Bar({ share, text, kind }: { share: number; text: string; kind: 'selected' | 'others' }) {
  const { t } = useTranslation();
  return (
    <div className={classes.bar} title={t(kind === 'selected' ? 'diff.selection' : 'diff.baseline')}>
      <span className={classes.track} aria-hidden="true">
        <span className={classes[kind]} style={{ width: `${100 * share}%` }} />
      </span>
      <span className={classes.share}>{text}</span>
    </div>
  );
}
