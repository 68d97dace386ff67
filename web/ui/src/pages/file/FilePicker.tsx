import { Button } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { type DragEvent, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import { useFormats } from '../../components/use-formats';
import { FileError, type FileProblem } from '../../trace-file/fields';
import type { OpenedFile } from '../../trace-file/read';
import classes from './FilePage.module.css';
import { openFile } from './opened';

type Failed = { name: string; problem: FileProblem | undefined; detail: string };

/** Takes a file by drag and drop or from the file dialog, and says what is wrong with one that is no trace. */
export function FilePicker({ onOpen }: { onOpen: (file: OpenedFile) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const hint = useId();
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState('');
  const [failed, setFailed] = useState<Failed | undefined>();
  const open = async (file: File | null | undefined) => {
    if (!file) return;
    setFailed(undefined);
    setBusy(file.name);
    try {
      onOpen(await openFile(file));
    } catch (error) {
      const problem = error instanceof FileError ? error.problem : undefined;
      setFailed({ name: file.name, problem, detail: error instanceof Error ? error.message : String(error) });
    } finally {
      setBusy('');
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void open(event.dataTransfer.files[0]);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button does the same by key */}
      <div
        className={classes.drop}
        data-over={over || undefined}
        aria-busy={busy !== ''}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <IconFileImport size={32} stroke={1.4} aria-hidden="true" />
        <p>{t('file.drop')}</p>
        <Button loading={busy !== ''} aria-describedby={hint} onClick={() => input.current?.click()}>
          {t('file.choose')}
        </Button>
        <p id={hint} className={classes.hint}>
          {t('file.hint')}
        </p>
        {busy !== '' && <p role="status">{t('file.reading', { name: busy })}</p>}
        <input
          ref={input}
          type="file"
          accept=".json,.jsonl,.ndjson,application/json"
          className={classes.input}
          tabIndex={-1}
          aria-label={t('file.choose')}
          onChange={(event) => {
            void open(event.currentTarget.files?.[0]);
            // The same file again, mended, is another choice.
            event.currentTarget.value = '';
          }}
        />
      </div>
      {failed && (
        <Note
          tone="error"
          title={t('file.failed', { name: failed.name })}
          onClose={() => setFailed(undefined)}
        >
          <Problem failed={failed} />
        </Note>
      )}
    </>
  );
}

function Problem({ failed: { problem, detail } }: { failed: Failed }) {
  const { t } = useTranslation();
  const format = useFormats();
  switch (problem?.kind) {
    case 'notJson':
      return (
        <p>
          {t('file.notJson')} <code>{problem.detail}</code>
        </p>
      );
    case 'tooLarge':
      return (
        <p>{t('file.tooLarge', { size: format.bytes(problem.bytes), most: format.bytes(problem.most) })}</p>
      );
    case 'field':
      return (
        <p>
          <code>{problem.path}</code>: {t('file.wanted', { want: t(`file.want.${problem.want}`) })}{' '}
          {problem.got === 'undefined' ? t('file.absent') : <code>{problem.got}</code>}
        </p>
      );
    case 'notTrace':
    case 'empty':
      return <p>{t(`file.${problem.kind}`)}</p>;
    default:
      return <p>{detail}</p>;
  }
}
