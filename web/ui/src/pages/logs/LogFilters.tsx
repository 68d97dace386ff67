import { Button, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../api/queries';
import type { Change } from '../../components/use-view';
import classes from './LogsPage.module.css';
import { type LOGS, type LogsState, SEVERITIES, type Severity } from './view';

type Props = { state: LogsState; change: Change<typeof LOGS> };

const TRACE_ID = /^[0-9a-f]{1,32}$/i;

/** Fields take effect on Enter or when they are left; choices at once. */
export function LogFilters({ state, change }: Props) {
  const { t } = useTranslation();
  const services = useServices();
  const [text, setText] = useDraft(state.text);
  const [traceId, setTraceId] = useDraft(state.traceId);
  const bad = traceId.trim() !== '' && !TRACE_ID.test(traceId.trim());
  const commit = () => {
    const next = {
      text: text.trim() || undefined,
      traceId: bad ? state.traceId : traceId.trim().toLowerCase() || undefined,
    };
    if (next.text !== state.text || next.traceId !== state.traceId) change({ ...next, open: undefined });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    commit();
  };
  const names = services.data ?? [];
  const known = state.service === undefined || names.includes(state.service);
  return (
    <form className={classes.filters} role="search" aria-label={t('logs.title')} onSubmit={submit}>
      <TextInput
        data-search
        className={classes.grow}
        aria-label={t('logs.text')}
        placeholder={t('logs.textHint')}
        leftSection={<IconSearch size={15} aria-hidden="true" />}
        value={text}
        maxLength={1000}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={commit}
      />
      <Select
        aria-label={t('logs.service')}
        placeholder={t('logs.anyService')}
        data={known ? names : [state.service ?? '', ...names]}
        value={state.service ?? null}
        onChange={(service) => change({ service: service ?? undefined, open: undefined })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('logs.anyService') }}
        nothingFoundMessage={t('palette.nothing')}
        w={200}
      />
      <Select
        aria-label={t('logs.severity')}
        placeholder={t('logs.anySeverity')}
        data={SEVERITIES.map((value) => ({
          value,
          label: t('logs.atLeast', { severity: t(`severity.${value}`) }),
        }))}
        value={state.minSeverity ?? null}
        onChange={(severity) =>
          change({ minSeverity: (severity as Severity | null) ?? undefined, open: undefined })
        }
        clearable
        clearButtonProps={{ 'aria-label': t('logs.anySeverity') }}
        w={180}
      />
      <TextInput
        aria-label={t('logs.traceId')}
        placeholder={t('logs.traceIdHint')}
        value={traceId}
        error={bad && t('logs.traceIdBad')}
        onChange={(event) => setTraceId(event.currentTarget.value)}
        onBlur={commit}
        spellCheck={false}
        w={280}
      />
      <Button
        variant="default"
        disabled={!state.text && !state.service && !state.minSeverity && !state.traceId}
        onClick={() =>
          change({
            text: undefined,
            service: undefined,
            minSeverity: undefined,
            traceId: undefined,
            open: undefined,
          })
        }
      >
        {t('logs.clear')}
      </Button>
      <button type="submit" hidden />
    </form>
  );
}

/** What is being typed; the address wins when it changes. */
function useDraft(value: string | undefined) {
  const draft = useState(value ?? '');
  const [, set] = draft;
  useEffect(() => set(value ?? ''), [value]);
  return draft;
}
