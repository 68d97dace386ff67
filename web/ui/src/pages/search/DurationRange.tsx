import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parseDuration } from '../../lib/duration';
import type { DurationField, TraceSearch } from '../../lib/trace-search';
import classes from './FilterForm.module.css';
import type { UpdateSearch } from './filters';

type Props = {
  label: string;
  min: DurationField;
  max: DurationField;
  search: TraceSearch;
  update: UpdateSearch;
};

export function DurationRange({ label, min, max, search, update }: Props) {
  const { t } = useTranslation();
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{label}</legend>
      <div className={classes.pair}>
        <DurationInput
          label={t('search.atLeastOf', { what: label })}
          placeholder={`≥ ${t('search.durationHint')}`}
          value={search[min] ?? ''}
          onCommit={(value) => update({ [min]: value })}
        />
        <DurationInput
          label={t('search.atMostOf', { what: label })}
          placeholder={`≤ ${t('search.durationHint')}`}
          value={search[max] ?? ''}
          onCommit={(value) => update({ [max]: value })}
        />
      </div>
    </fieldset>
  );
}

type InputProps = {
  label: string;
  placeholder: string;
  value: string;
  onCommit: (value: string | undefined) => void;
};

function DurationInput({ label, placeholder, value, onCommit }: InputProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [bad, setBad] = useState(false);
  // The address may change by other means: a link, the back button, "clear filters".
  useEffect(() => {
    setText(value);
    setBad(false);
  }, [value]);
  const commit = () => {
    const trimmed = text.trim();
    const valid = trimmed === '' || parseDuration(trimmed) !== undefined;
    setBad(!valid);
    if (valid && trimmed !== value) onCommit(trimmed === '' ? undefined : trimmed);
  };
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      value={text}
      error={bad && t('search.durationBad')}
      spellCheck={false}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) commit();
      }}
    />
  );
}
