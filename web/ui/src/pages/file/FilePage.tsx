import { Title } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import type { OpenedFile } from '../../trace-file/read';
import classes from './FilePage.module.css';
import { FilePicker } from './FilePicker';
import { useOpenedFile } from './opened';

/** Opens a trace that somebody has saved. Nothing of it leaves the browser. */
export function FilePage() {
  const { t } = useTranslation();
  const file = useOpenedFile();
  const show = useShow();
  useEffect(() => {
    document.title = `${t('file.title')} · Weft`;
    return () => {
      document.title = 'Weft';
    };
  }, [t]);
  return (
    <div className={classes.page}>
      <Title order={1} size="h3">
        {t('file.title')}
      </Title>
      <p className={classes.hint}>{t('file.lead')}</p>
      <FilePicker onOpen={show} />
      {file && <Traces file={file} />}
    </div>
  );
}

/** A file with one trace shows it at once; with more, they are listed. */
export function useShow() {
  const navigate = useNavigate();
  return (file: OpenedFile) => {
    const [only, ...others] = file.traces.keys();
    if (only && others.length === 0) void navigate({ to: '/file/$traceId', params: { traceId: only } });
  };
}

// More rows at once are no reading matter; a file of so many traces is rare.
const MOST = 500;

function Traces({ file }: { file: OpenedFile }) {
  const { t } = useTranslation();
  const format = useFormats();
  const all = [...file.traces];
  return (
    <section>
      <h2 className={classes.name}>{t('file.traces', { name: file.name, count: all.length })}</h2>
      <table className={classes.table} aria-label={t('file.list')}>
        <thead>
          <tr>
            <th scope="col">{t('trace.untitled')}</th>
            <th scope="col">{t('trace.started')}</th>
            <th scope="col">{t('trace.duration')}</th>
            <th scope="col">{t('trace.spans')}</th>
            <th scope="col">{t('trace.errors')}</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, MOST).map(([traceId, { model }]) => (
            <tr key={traceId}>
              <td>
                <Link to="/file/$traceId" params={{ traceId }}>
                  {model.services[model.service[0] ?? -1]}:{' '}
                  {model.names[model.name[0] ?? -1] || t('trace.unnamed')}
                </Link>{' '}
                <code>{traceId}</code>
              </td>
              <td>{format.instant(model.startNs)}</td>
              <td className={classes.number}>{format.duration(model.durationNs)}</td>
              <td className={classes.number}>{format.count(model.spans)}</td>
              <td className={classes.number}>{model.errors > 0 ? `⚠ ${format.count(model.errors)}` : '0'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > MOST && <p className={classes.hint}>{t('file.more', { count: all.length - MOST })}</p>}
    </section>
  );
}
