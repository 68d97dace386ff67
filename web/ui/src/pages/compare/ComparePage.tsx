import { Button, TextInput, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/client';
import { type Comparison, type Difference, useCompare, useTwin } from '../../api/trace';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Note } from '../../components/Note';
import { Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useView } from '../../components/use-view';
import { readTraceId } from '../../lib/trace-view';
import classes from './ComparePage.module.css';
import { Differences } from './Differences';
import { PairPanel } from './PairPanel';
import { COMPARE } from './view';

/** Two traces laid over each other; a form while one of them is not known. */
export function ComparePage() {
  const { t } = useTranslation();
  const { state, change, replace, ignored } = useView(COMPARE);
  const { a = '', b = '', sa, sb } = state;
  const comparison = useCompare(a, b);
  const missing = missingOf(comparison.error, a, b);
  const [choosing, setChoosing] = useState(false);
  const both = a !== '' && b !== '' && missing.length === 0;
  const choose = (ids: { a: string; b: string }) => {
    setChoosing(false);
    change({ ...ids, sa: undefined, sb: undefined });
  };
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <header className={classes.head}>
        <Title order={1} size="h3">
          {t('compare.title')}
        </Title>
        {both && (
          <>
            <Button size="xs" variant="default" onClick={() => change({ a: b, b: a, sa: sb, sb: sa })}>
              {t('compare.swap')}
            </Button>
            <Button
              size="xs"
              variant="default"
              aria-expanded={choosing}
              onClick={() => setChoosing(!choosing)}
            >
              {t('pair.choose')}
            </Button>
          </>
        )}
      </header>
      {missing.map((side) => (
        <Note key={side} tone="error" title={t('pair.missing', { side: side.toUpperCase() })}>
          <p>
            <code>{side === 'a' ? a : b}</code> {t('trace.notFoundHint')}
          </p>
        </Note>
      ))}
      {(!both || choosing) && (
        <>
          <p className={classes.lead}>{t('compare.lead')}</p>
          <Ids key={`${a} ${b}`} a={a} b={b} onIds={choose} />
        </>
      )}
      {both ? (
        <Result query={comparison} height={320}>
          {(data) =>
            data && (
              <Compared
                comparison={data}
                sa={sa}
                sb={sb}
                onPair={(d) => replace({ sa: d.a?.spanId, sb: d.b?.spanId })}
              />
            )
          }
        </Result>
      ) : (
        missing.length === 0 &&
        (a || b) !== '' && (
          <Suggestion
            traceId={a || b}
            // The healthy one is what to compare with.
            onTwin={(twin) => change({ a: twin, b: a || b })}
          />
        )
      )}
    </div>
  );
}

/** Which of the two is not stored. The answer names one, by its id. */
function missingOf(error: Error | null, a: string, b: string): ('a' | 'b')[] {
  if (!(error instanceof ApiError) || error.status !== 404) return [];
  const named = (['a', 'b'] as const).filter((side) => error.message.includes(side === 'a' ? a : b));
  return named.length > 0 ? named : ['a', 'b'];
}

type ComparedProps = {
  comparison: Comparison;
  sa: string | undefined;
  sb: string | undefined;
  onPair: (d: Difference) => void;
};

function Compared({ comparison, sa, sb, onPair }: ComparedProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const { a, b, excessNs, onlyA, onlyB, both } = comparison;
  const time = format.duration(Math.abs(excessNs));
  const longest = Math.max(1, a.durationNs, b.durationNs);
  return (
    <div className={classes.compared}>
      <section className={classes.verdict}>
        <strong>
          {a.traceId === b.traceId
            ? t('pair.itself')
            : excessNs === 0
              ? t('compare.same')
              : excessNs > 0
                ? t('compare.slower', { time })
                : t('compare.faster', { time })}
        </strong>
        <p>{comparison.sameShape ? t('compare.sameShape') : t('compare.both', { both, onlyA, onlyB })}</p>
      </section>
      <div className={classes.pair}>
        {[a, b].map((one, i) => (
          <section key={i === 0 ? 'a' : 'b'} className={classes.trace}>
            <h2>{i === 0 ? t('compare.a') : t('compare.b')}</h2>
            <p className={classes.traceLine}>
              <strong>{format.duration(one.durationNs)}</strong> · {t('traceMap.spans', { count: one.spans })}{' '}
              ·{' '}
              <Link to="/trace/$traceId" params={{ traceId: one.traceId }}>
                {one.root.service}: {one.root.name || t('trace.unnamed')}
              </Link>
            </p>
            <div
              className={i === 0 ? classes.barA : classes.barB}
              style={{ width: `${(one.durationNs / longest) * 100}%` }}
              aria-hidden="true"
            />
            <code>{one.traceId}</code>
          </section>
        ))}
      </div>
      {comparison.otherRoot && <Note tone="warning">{t('compare.otherRoot')}</Note>}
      <div className={classes.split}>
        <div className={classes.main}>
          <Differences comparison={comparison} sa={sa} sb={sb} onPair={onPair} />
        </div>
        <PairPanel comparison={comparison} sa={sa} sb={sb} />
      </div>
    </div>
  );
}

type IdsProps = { a: string; b: string; onIds: (ids: { a: string; b: string }) => void };

function Ids({ a, b, onIds }: IdsProps) {
  const { t } = useTranslation();
  const [texts, setTexts] = useState({ a, b });
  const [tried, setTried] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const ids = { a: readTraceId(texts.a), b: readTraceId(texts.b) };
    if (ids.a && ids.b) onIds({ a: ids.a, b: ids.b });
  };
  const bad = (text: string) => tried && readTraceId(text) === undefined && t('compare.badId');
  return (
    <form className={classes.form} onSubmit={submit}>
      {(['a', 'b'] as const).map((side) => (
        <TextInput
          key={side}
          label={t(`compare.${side}`)}
          placeholder={t('trace.id')}
          value={texts[side]}
          error={bad(texts[side])}
          onChange={(event) => setTexts({ ...texts, [side]: event.currentTarget.value })}
        />
      ))}
      <Button type="submit">{t('compare.submit')}</Button>
    </form>
  );
}

function Suggestion({ traceId, onTwin }: { traceId: string; onTwin: (traceId: string) => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const twin = useTwin(traceId);
  return (
    <Result query={twin} height={36}>
      {(data) => {
        const found = data?.twin;
        if (!found) return <p className={classes.lead}>{t('compare.noTwin')}</p>;
        return (
          <p className={classes.lead}>
            {t('compare.twin', { duration: format.duration(found.durationNs), count: found.spans })}{' '}
            <Button size="xs" variant="light" onClick={() => onTwin(found.traceId)}>
              {t('compare.withTwin')}
            </Button>
          </p>
        );
      }}
    </Result>
  );
}
