import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readTraceId } from '../lib/trace-view';

/** Opens a trace by its id, or by a whole address that ends in one. */
export function JumpBox() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [bad, setBad] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const traceId = readTraceId(text);
    setBad(traceId === undefined);
    if (traceId === undefined) return;
    setText('');
    void navigate({ to: '/trace/$traceId', params: { traceId } });
  };
  return (
    <form role="search" onSubmit={submit}>
      <TextInput
        size="xs"
        w={200}
        data-search
        leftSection={<IconSearch size={14} />}
        aria-label={t('shell.jump')}
        placeholder={t('shell.jumpHint')}
        title={bad ? t('shell.jumpBad') : t('shell.jump')}
        value={text}
        error={bad}
        spellCheck={false}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setBad(false);
        }}
      />
      {bad && (
        <span role="alert" className="mantine-visually-hidden" hidden={!bad}>
          {t('shell.jumpBad')}
        </span>
      )}
    </form>
  );
}
