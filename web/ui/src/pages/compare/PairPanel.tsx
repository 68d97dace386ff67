import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { type Comparison, type Difference, useSpan } from '../../api/trace';
import { ErrorState } from '../../components/ErrorState';
import { useFormats } from '../../components/use-formats';
import { type AttributePair, attributeDiff } from './attribute-diff';
import classes from './Pair.module.css';

type Props = { comparison: Comparison; sa: string | undefined; sb: string | undefined };

/** Two spans side by side: of the chosen entry, or the roots. What is alike is kept back. */
export function PairPanel({ comparison, sa, sb }: Props) {
  const { t } = useTranslation();
  const ids = usePair(comparison, sa, sb);
  const a = useSpan(comparison.a.traceId, ids.sa ?? '', { enabled: ids.sa !== undefined });
  const b = useSpan(comparison.b.traceId, ids.sb ?? '', { enabled: ids.sb !== undefined });
  const failed = a.error ?? b.error;
  // What is kept from the pair before is not of this one.
  const spanA = a.data?.spanId === ids.sa ? a.data : undefined;
  const spanB = b.data?.spanId === ids.sb ? b.data : undefined;
  const loading = a.isFetching || b.isFetching;
  return (
    <aside className={classes.panel} aria-label={t('pair.title')} aria-busy={loading}>
      <h2 className={classes.title}>{t('pair.title')}</h2>
      {failed && <ErrorState error={failed} retry={() => void (a.error ? a.refetch() : b.refetch())} />}
      {(spanA || spanB) && (
        <>
          <Heads comparison={comparison} a={spanA} b={spanB} />
          <Attributes a={spanA} b={spanB} />
        </>
      )}
    </aside>
  );
}

/** The spans to lay side by side. Where only one is named, as by a link from a span, its entry has the other. */
function usePair({ a, b, entries }: Comparison, sa: string | undefined, sb: string | undefined) {
  const one = sa ?? sb;
  const missing = (sa === undefined) !== (sb === undefined);
  const named = (d: Difference) => (sa ? d.a : d.b)?.spanId === one;
  const entry = missing ? entries.items.find(named) : undefined;
  const known = useSpan(sa ? a.traceId : b.traceId, one ?? '', { enabled: missing && entry === undefined });
  if (one === undefined) return { sa: a.root.spanId, sb: b.root.spanId };
  if (!missing) return { sa, sb };
  const span = known.data;
  const alike = (d: Difference) =>
    d.service === span?.service && d.name === span.name && d.kind === span.kind;
  const found = entry ?? (span?.spanId === one ? entries.items.find(alike) : undefined);
  return { sa: sa ?? found?.a?.spanId, sb: sb ?? found?.b?.spanId };
}

function Heads({
  comparison,
  a,
  b,
}: {
  comparison: Comparison;
  a: SpanDetail | undefined;
  b: SpanDetail | undefined;
}) {
  const { t } = useTranslation();
  const format = useFormats();
  const sides = [
    { mark: 'A', traceId: comparison.a.traceId, span: a },
    { mark: 'B', traceId: comparison.b.traceId, span: b },
  ];
  return (
    <div className={classes.heads}>
      {sides.map(({ mark, traceId, span }) => (
        <div key={mark} className={classes.head}>
          <strong>{mark}</strong>{' '}
          {span ? (
            <>
              <Link to="/trace/$traceId" params={{ traceId }} search={{ s: span.spanId }}>
                {span.service}: {span.name || t('trace.unnamed')}
              </Link>
              <p>
                {format.duration(span.durationNs)} · {t(`status.${span.status}`)}
                {span.error?.type ? ` · ${span.error.type}` : ''}
              </p>
            </>
          ) : (
            t('pair.none')
          )}
        </div>
      ))}
    </div>
  );
}

function Attributes({ a, b }: { a: SpanDetail | undefined; b: SpanDetail | undefined }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const { differing, same } = attributeDiff(a, b);
  const rows = all ? [...differing, ...same] : differing;
  return (
    <>
      {differing.length === 0 && <p className={classes.none}>{t('pair.alike')}</p>}
      {rows.length > 0 && (
        <table className={classes.table} aria-label={t('pair.attributes')}>
          <thead>
            <tr>
              <th scope="col">{t('pair.key')}</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((pair) => (
              <Row key={`${pair.of} ${pair.key}`} pair={pair} same={!differing.includes(pair)} />
            ))}
          </tbody>
        </table>
      )}
      {same.length > 0 && (
        <button type="button" className={classes.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('pair.hideSame') : t('pair.showSame', { count: same.length })}
        </button>
      )}
    </>
  );
}

// A cell is for comparing, not for reading; the trace has the whole value.
const LONGEST = 160;

function Row({ pair: { of, key, a, b }, same }: { pair: AttributePair; same: boolean }) {
  const { t } = useTranslation();
  const cell = (value: string | undefined) =>
    value === undefined ? (
      <span className={classes.none}>{t('pair.absent')}</span>
    ) : value.length > LONGEST ? (
      `${value.slice(0, LONGEST)}…`
    ) : (
      value
    );
  return (
    <tr data-same={same || undefined}>
      <th scope="row">
        {key}
        {of === 'resource' && <span className={classes.of}>{t('pair.resource')}</span>}
      </th>
      <td>{cell(a?.value)}</td>
      <td>{cell(b?.value)}</td>
    </tr>
  );
}
