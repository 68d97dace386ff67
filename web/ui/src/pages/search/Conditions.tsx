import { ActionIcon, Autocomplete, CloseButton, NativeSelect, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttributeKeys, useAttributeValues } from '../../api/queries';
import {
  OPERATORS,
  type Operator,
  operatorSymbol,
  parseCondition,
  takesValue,
  wantsNumber,
  writeCondition,
} from '../../lib/condition';
import { parseDuration } from '../../lib/duration';
import type { TraceSearch } from '../../lib/trace-search';
import classes from './FilterForm.module.css';
import { conditionLabel, type UpdateSearch, withoutCondition } from './filters';

/** Attribute conditions: what holds as chips, and a line to add one. A whole condition may be typed as the key, too. */
export function Conditions({ search, update }: { search: TraceSearch; update: UpdateSearch }) {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const [operator, setOperator] = useState<Operator>('=');
  const [value, setValue] = useState('');
  const [error, setError] = useState<'key' | 'value' | undefined>();
  const [keyPrefix] = useDebouncedValue(key, 200);
  const [valuePrefix] = useDebouncedValue(value, 200);
  const [focused, setFocused] = useState(false);
  const keys = useAttributeKeys(keyPrefix, focused);
  const values = useAttributeValues(keyPrefix, valuePrefix, focused && takesValue(operator));

  const add = () => {
    const typed = /[=<>!]/.test(key) ? parseCondition(key) : undefined;
    const condition = typed ?? { key: key.trim(), operator, value };
    if (condition.key === '') return setError('key');
    const number =
      condition.key === '@duration' ? parseDuration(condition.value) : Number(condition.value || 'x');
    if (wantsNumber(condition.operator) && (number === undefined || Number.isNaN(number)))
      return setError('value');
    const text = writeCondition(condition);
    update({ attr: [...(search.attr ?? []).filter((one) => one !== text), text] });
    setKey('');
    setValue('');
    setError(undefined);
  };
  const onEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    event.preventDefault();
    add();
  };

  return (
    <fieldset className={classes.group} onFocus={() => setFocused(true)}>
      <legend className={classes.legend}>{t('search.attributes')}</legend>
      <ul className={classes.chips}>
        {(search.attr ?? []).map((text) => {
          const condition = parseCondition(text);
          const label = condition ? conditionLabel(condition, t) : text;
          return (
            <li key={text} className={classes.chip} title={label}>
              <span className={classes.chipText}>{label}</span>
              <CloseButton
                size="xs"
                aria-label={t('search.removeCondition', { condition: label })}
                onClick={() => update({ attr: withoutCondition(search, text) })}
              />
            </li>
          );
        })}
      </ul>
      <div className={classes.editor}>
        <Autocomplete
          className={classes.wide ?? ''}
          aria-label={t('search.key')}
          placeholder={t('search.keyHint')}
          data={[...new Set((keys.data ?? []).map((k) => k.key))]}
          // The server has filtered already.
          filter={({ options }) => options}
          value={key}
          error={error === 'key' && t('search.keyWanted')}
          onChange={setKey}
          onKeyDown={onEnter}
          spellCheck={false}
          maxDropdownHeight={260}
        />
        <NativeSelect
          aria-label={t('search.operator')}
          value={operator}
          onChange={(event) => setOperator(event.currentTarget.value as Operator)}
          data={OPERATORS.map((o) => ({
            value: o,
            label:
              o === 'exists' ? t('search.exists') : o === 'missing' ? t('search.missing') : operatorSymbol(o),
          }))}
        />
        {takesValue(operator) ? (
          <Autocomplete
            aria-label={t('search.value')}
            placeholder={t('search.value')}
            data={[...new Set(values.data ?? [])]}
            filter={({ options }) => options}
            value={value}
            error={error === 'value' && t('search.numberWanted')}
            onChange={setValue}
            onKeyDown={onEnter}
            spellCheck={false}
            maxDropdownHeight={260}
          />
        ) : (
          <span />
        )}
        <Tooltip label={t('search.addCondition')}>
          <ActionIcon variant="default" size={34} aria-label={t('search.addCondition')} onClick={add}>
            <IconPlus size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </fieldset>
  );
}
