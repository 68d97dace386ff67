import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Comparison, Difference } from '../../api/trace';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { assignColours } from '../../lib/colour';
import classes from './ComparePage.module.css';

const LARGEST = 8;
/** Deeper entries are not moved in any further, so that names stay readable. */
const DEEPEST = 16;

/** What explains the difference, the largest first, and then every entry of both in the order of calls. */
export function Differences({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation();
  const { items, truncated } = comparison.entries;
  const colours = useMemo(
    () => assignColours([...new Set(items.map((d) => d.service))].map((name) => ({ name, spans: 1 }))),
    [items],
  );
  // The answer has the largest first; ids rise from the root down, callers before the called.
  const tree = useMemo(() => treeOrder(items), [items]);
  const longest = Math.max(
    1,
    ...items.slice(0, 500).map((d) => Math.max(d.a?.totalNs ?? 0, d.b?.totalNs ?? 0)),
  );
  const largest = items.filter((d) => Math.abs(d.excessCriticalNs) >= 1000).slice(0, LARGEST);
  const table = (label: string, rows: readonly Difference[], indent: boolean) => (
    <section>
      <h2 className={classes.title}>{label}</h2>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{t('compare.operation')}</th>
            <th scope="col">{t('compare.calls')}</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col" className={classes.bars}>
              {t('trace.duration')}
            </th>
            <th scope="col">{t('compare.difference')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((d) => (
            <Row
              key={d.id}
              difference={d}
              comparison={comparison}
              longest={longest}
              indent={indent ? Math.min(DEEPEST, d.depth) : 0}
              // The list explains the whole by critical time, which adds up; the tree has what each took.
              excess={indent ? d.excessNs : d.excessCriticalNs}
              colours={colours}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
  return (
    <>
      {largest.length === 0 ? (
        <p className={classes.lead}>{t('compare.identical')}</p>
      ) : (
        table(t('compare.largest'), largest, false)
      )}
      {table(t('compare.tree'), tree, true)}
      {truncated > 0 && <p className={classes.lead}>{t('compare.truncated', { count: truncated })}</p>}
    </>
  );
}

/** Depth first, without recursion; an entry whose caller was left out stands at the top. */
export function treeOrder(items: readonly Difference[]): Difference[] {
  const byId = [...items].sort((x, y) => x.id - y.id);
  const known = new Set(byId.map((d) => d.id));
  const below = new Map<number, Difference[]>();
  for (const d of byId) {
    const parent = known.has(d.parent) ? d.parent : -1;
    const list = below.get(parent);
    if (list) list.push(d);
    else below.set(parent, [d]);
  }
  const order: Difference[] = [];
  const stack = (below.get(-1) ?? []).toReversed();
  for (let d = stack.pop(); d; d = stack.pop()) {
    order.push(d);
    const children = below.get(d.id) ?? [];
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i];
      if (child) stack.push(child);
    }
  }
  return order;
}

type RowProps = {
  difference: Difference;
  comparison: Comparison;
  longest: number;
  indent: number;
  excess: number;
  colours: ReturnType<typeof assignColours>;
};

function Row({ difference: d, comparison, longest, indent, excess, colours }: RowProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const only = d.a && d.b ? '' : d.a ? t('compare.onlyA') : t('compare.onlyB');
  const width = (ns: number | undefined) => ({ width: `${((ns ?? 0) / longest) * 100}%` });
  const [to, at] = d.b ? [comparison.b.traceId, d.b] : [comparison.a.traceId, d.a];
  const sign = excess > 0 ? '+' : excess < 0 ? '−' : '';
  return (
    <tr data-only={only ? true : undefined}>
      <td style={{ paddingInlineStart: `${indent * 14}px` }}>
        <span className={classes.name}>
          <ServiceName name={d.service} colour={colours.get(d.service)} />
          <Link to="/trace/$traceId" params={{ traceId: to }} search={{ s: at?.spanId }}>
            {d.name || t('trace.unnamed')}
          </Link>
          {only && <span className={classes.only}>{only}</span>}
        </span>
      </td>
      <td className={classes.number}>
        {format.count(d.a?.spans ?? 0)} → {format.count(d.b?.spans ?? 0)}
      </td>
      <td className={classes.number}>{d.a ? format.duration(d.a.totalNs) : '–'}</td>
      <td className={classes.number}>{d.b ? format.duration(d.b.totalNs) : '–'}</td>
      <td aria-hidden="true">
        <div className={classes.barA} style={width(d.a?.totalNs)} />
        <div className={classes.barB} style={width(d.b?.totalNs)} />
      </td>
      <td className={classes.number} data-worse={excess > 0 || undefined}>
        {sign}
        {format.duration(Math.abs(excess))}
      </td>
    </tr>
  );
}
