import { Button } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../components/CopyButton';
import { useFormats } from '../../components/use-formats';
import { type Failure, type Frame, type FrameRun, frameRuns, parseStack } from '../../lib/stack';
import classes from './ExceptionBox.module.css';
import { LongText } from './LongText';
import panel from './SpanPanel.module.css';
import type { ExceptionFacts } from './span-facts';
import { useRest } from './use-span-detail';

/** More of a stack is not fetched unasked. Bytes. */
const FETCHED = 256 * 1024;

/** What was thrown: type and message, its calls with the program's own ahead of the libraries', and what caused it. */
export function ExceptionBox({ exception }: { exception: ExceptionFacts }) {
  const { t } = useTranslation();
  const rest = useRest();
  const [raw, setRaw] = useState(false);
  const { stack, wholeBytes } = exception;
  const { failures } = useMemo(() => parseStack(stack), [stack]);
  // The frame that matters may be the last one: a stack is of use only whole.
  const wanted = wholeBytes !== undefined && wholeBytes <= FETCHED;
  const { fetch } = rest;
  useEffect(() => {
    if (wanted) fetch();
  }, [wanted, fetch]);
  const [first, ...causes] = failures;
  const type = exception.type || first?.type || '';
  const message = exception.message || first?.message || '';
  return (
    <section className={classes.box} aria-label={t('exception.title')}>
      <h3 className={classes.type}>
        <IconAlertTriangleFilled size={14} aria-hidden="true" /> {type || t('span.exception')}
        <CopyButton
          text={stack || `${type}: ${message}`}
          label={`${t('state.copy')}: ${stack ? t('span.stack') : t('span.exception')}`}
        />
        {failures.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => setRaw(!raw)} aria-pressed={raw}>
            {raw ? t('exception.frames') : t('exception.raw')}
          </Button>
        )}
      </h3>
      {message && <LongText text={message} />}
      {first && !raw ? (
        <>
          {first.message && exception.message && differs(first.message, exception.message) && (
            <p className={panel.none}>{first.message}</p>
          )}
          <Frames failure={first} />
          {causes.map((cause, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: causes have no identity but their place
            <div key={i} className={classes.cause}>
              <h4>
                {t(`exception.${cause.relation === 'none' ? 'cause' : cause.relation}`)}{' '}
                <strong>{cause.type}</strong>
              </h4>
              {cause.message && <LongText text={cause.message} />}
              <Frames failure={cause} />
            </div>
          ))}
        </>
      ) : (
        stack && <LongText text={stack} code wholeBytes={wholeBytes} />
      )}
      {wholeBytes !== undefined && !raw && first && <Missing bytes={wholeBytes} />}
    </section>
  );
}

/** A stack often begins with the message once more; then it is not said twice. */
const differs = (a: string, b: string) => !a.includes(b.trim()) && !b.includes(a.trim());

function Missing({ bytes }: { bytes: number }) {
  const { t } = useTranslation();
  const format = useFormats();
  const rest = useRest();
  return (
    <Button size="compact-xs" variant="subtle" loading={rest.fetching} onClick={rest.fetch}>
      {t('spanMore.fetchAll', { size: format.bytes(bytes) })}
    </Button>
  );
}

function Frames({ failure }: { failure: Failure }) {
  const { t } = useTranslation();
  const runs = useMemo(() => frameRuns(failure.frames), [failure]);
  return (
    <>
      <ol className={classes.frames}>
        {runs.map((run) =>
          run.own ? <Own key={run.from} run={run} /> : <Folded key={run.from} run={run} />,
        )}
      </ol>
      {failure.shared > 0 && <p className={panel.none}>{t('exception.shared', { count: failure.shared })}</p>}
    </>
  );
}

const Own = ({ run }: { run: FrameRun }) =>
  // biome-ignore lint/suspicious/noArrayIndexKey: frames have no identity but their place
  run.frames.map((frame, i) => <FrameLine key={run.from + i} frame={frame} />);

// One library call says more than "1 call of a library".
const LEAST_FOLDED = 2;

/** Calls inside libraries as one line, until they are asked for. */
function Folded({ run }: { run: FrameRun }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  if (run.frames.length < LEAST_FOLDED) return <Own run={run} />;
  return (
    <>
      <li>
        <button type="button" className={classes.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? '▾' : '▸'} {t('exception.library', { count: run.frames.length })}
        </button>
      </li>
      {open && <Own run={run} />}
    </>
  );
}

function FrameLine({ frame }: { frame: Frame }) {
  const { t } = useTranslation();
  const place = frame.line > 0 ? `${frame.file}:${frame.line}` : frame.file;
  return (
    <li className={classes.frame} data-own={frame.own || undefined}>
      <span className={classes.function}>{frame.function || t('exception.anonymous')}</span>
      {frame.apart && <span className={classes.apart}>{t('exception.apart')}</span>}
      <span className={classes.place} title={place}>
        {place}
      </span>
      {frame.code && <code className={classes.code}>{frame.code}</code>}
    </li>
  );
}
