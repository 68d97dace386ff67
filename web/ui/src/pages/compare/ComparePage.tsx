import { Button, TextInput, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Comparison, useCompare, useTwin } from '../../api/trace';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Note } from '../../components/Note';
import { Result } from '../../components/Result';
import { useFormats } from '../../components/use-formats';
import { useView } from '../../components/use-view';
import { readTraceId } from '../../lib/trace-view';
import classes from './ComparePage.module.css';
import { Differences } from './Differences';
import { COMPARE } from './view';

/** Two traces laid over each other; a form while one of them is not known. */
export function ComparePage() {
  const { t } = useTranslation();
  const { state, change, ignored } = useView(COMPARE);
  const { a = '', b = '' } = state;
  const comparison = useCompare(a, b);
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <header className={classes.head}>
        <Title order={1} size="h3">
          {t('compare.title')}
        </Title>
        {a !== '' && b !== '' && (
          <Button size="xs" variant="default" onClick={() => change({ a: b, b: a })}>
            {t('compare.swap')}
          </Button>
        )}
      </header>
      {a !== '' && b !== '' ? (
        <Result query={comparison} height={320}>
          {(data) => data && <Compared comparison={data} />}
        </Result>
      ) : (
        <>
          <p className={classes.lead}>{t('compare.lead')}</p>
          <Ids key={`${a} ${b}`} a={a} b={b} onIds={change} />
          {(a || b) !== '' && (
            <Suggestion
              traceId={a || b}
              // The healthy one is what to compare with.
              onTwin={(twin) => change({ a: twin, b: a || b })}
            />
          )}
        </>
      )}
    </div>
  );
}

function Compared({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { a, b, excessNs, onlyA, onlyB, both } = comparison;
  const time = format.duration(Math.abs(excessNs));
  return (
    <>
      <div className={classes.pair}>
        {[a, b].map((one, i) => (
          <section key={one.traceId} className={classes.trace}>
            <h2>{i === 0 ? t('compare.a') : t('compare.b')}</h2>
            <Link to="/trace/$traceId" params={{ traceId: one.traceId }}>
              {one.root.service}: {one.root.name || t('trace.unnamed')}
            </Link>
            <code>{one.traceId}</code>
            <p>
              <strong>{format.duration(one.durationNs)}</strong> · {t('traceMap.spans', { count: one.spans })}
            </p>
          </section>
        ))}
        <section className={classes.verdict}>
          <strong>
            {excessNs === 0
              ? t('compare.same')
              : excessNs > 0
                ? t('compare.slower', { time })
                : t('compare.faster', { time })}
          </strong>
          <p>{comparison.sameShape ? t('compare.sameShape') : t('compare.both', { both, onlyA, onlyB })}</p>
        </section>
      </div>
      {comparison.otherRoot && <Note tone="warning">{t('compare.otherRoot')}</Note>}
      <Differences comparison={comparison} />
    </>
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
