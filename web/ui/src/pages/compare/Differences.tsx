import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Comparison, Difference } from '../../api/trace';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import { assignColours } from '../../lib/colour';
import classes from './ComparePage.module.css';

const LARGEST = 8;
/** Deeper entries are not moved in any further, so that names stay readable. */
const DEEPEST = 16;

type Props = {
  comparison: Comparison;
  sa: string | undefined;
  sb: string | undefined;
  onPair: (d: Difference) => void;
};

/** What explains the difference, the largest first, and then every entry of both in the order of calls. */
export function Differences({ comparison, sa, sb, onPair }: Props) {
  const { t } = useTranslation();
  const { items, truncated } = comparison.entries;
  const colours = useMemo(
    () => assignColours([...new Set(items.map((d) => d.service))].map((name) => ({ name, spans: 1 }))),
    [items],
  );
  // The answer has the largest first; ids rise from the root down, callers before the called.
  const tree = useMemo(() => treeOrder(items), [items]);
  const largest = items.filter((d) => Math.abs(d.excessCriticalNs) >= 1000).slice(0, LARGEST);
  const most = Math.max(1, ...largest.map((d) => Math.abs(d.excessCriticalNs)));
  const axis = useMemo(() => axisOf(items, comparison), [items, comparison]);
  const chosen = (d: Difference) =>
    (sa !== undefined || sb !== undefined) && d.a?.spanId === sa && d.b?.spanId === sb;
  const table = (label: string, rows: readonly Difference[], inTree: boolean) => (
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
              {inTree ? t('pair.when') : t('pair.excess')}
            </th>
            <th scope="col">{t('compare.difference')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((d) => (
            <Row
              key={d.id}
              difference={d}
              chosen={chosen(d)}
              onPair={onPair}
              indent={inTree ? Math.min(DEEPEST, d.depth) : 0}
              // The list explains the whole by critical time, which adds up; the tree has what each took.
              excess={inTree ? d.excessNs : d.excessCriticalNs}
              bars={
                inTree ? <Aligned difference={d} axis={axis} /> : <Excess share={d.excessCriticalNs / most} />
              }
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

/** The time both traces are drawn on, from the roots' starts. */
type Axis = { from: number; length: number };

function axisOf(items: readonly Difference[], { a, b }: Comparison): Axis {
  let from = 0;
  let to = Math.max(1, a.durationNs, b.durationNs);
  for (const d of items) {
    for (const one of [d.a, d.b]) {
      if (!one) continue;
      from = Math.min(from, one.offsetNs);
      to = Math.max(to, one.offsetNs + one.longestNs);
    }
  }
  return { from, length: to - from };
}

/** Where an entry lies in its trace, both on one time axis: the longest of its spans. */
function Aligned({ difference: d, axis }: { difference: Difference; axis: Axis }) {
  const at = (one: Difference['a']) => ({
    marginInlineStart: `${(((one?.offsetNs ?? 0) - axis.from) / axis.length) * 100}%`,
    width: `${((one?.longestNs ?? 0) / axis.length) * 100}%`,
  });
  return (
    <>
      {d.a ? <div className={classes.barA} style={at(d.a)} /> : <div className={classes.noBar} />}
      {d.b ? <div className={classes.barB} style={at(d.b)} /> : <div className={classes.noBar} />}
    </>
  );
}

/** How much longer, to the right, or shorter, to the left, than the largest difference. */
function Excess({ share }: { share: number }) {
  const width = `${Math.abs(share) * 50}%`;
  return (
    <div className={classes.excess}>
      <div
        data-worse={share > 0 || undefined}
        style={share > 0 ? { left: '50%', width } : { right: '50%', width }}
      />
    </div>
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
  chosen: boolean;
  onPair: (d: Difference) => void;
  indent: number;
  excess: number;
  bars: ReactNode;
  colours: ReturnType<typeof assignColours>;
};

function Row({ difference: d, chosen, onPair, indent, excess, bars, colours }: RowProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const only = d.a && d.b ? '' : d.a ? t('compare.onlyA') : t('compare.onlyB');
  const sign = excess > 0 ? '+' : excess < 0 ? '−' : '';
  return (
    <tr data-only={only ? true : undefined} data-chosen={chosen || undefined}>
      <td style={{ paddingInlineStart: `${indent * 14 + 4}px` }}>
        <span className={classes.name}>
          <ServiceName name={d.service} colour={colours.get(d.service)} />
          <button type="button" className={classes.open} aria-pressed={chosen} onClick={() => onPair(d)}>
            {d.name || t('trace.unnamed')}
          </button>
          {only && <span className={classes.only}>{only}</span>}
        </span>
      </td>
      <td className={classes.number}>
        {format.count(d.a?.spans ?? 0)} → {format.count(d.b?.spans ?? 0)}
      </td>
      <td className={classes.number}>{d.a ? format.duration(d.a.totalNs) : '–'}</td>
      <td className={classes.number}>{d.b ? format.duration(d.b.totalNs) : '–'}</td>
      <td aria-hidden="true">{bars}</td>
      <td className={classes.number} data-worse={excess > 0 || undefined}>
        {sign}
        {format.duration(Math.abs(excess))}
      </td>
    </tr>
  );
}
