import { CloseButton, Combobox, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSearch } from '../../lib/trace-search';
import { type Problem, readCondition } from '../../query/typed';
import { activeFilters, type UpdateSearch } from './filters';
import classes from './QueryBar.module.css';
import { Offers } from './QueryOffers';
import { type Suggestion, useSuggestions } from './use-suggestions';

type Props = { search: TraceSearch; update: UpdateSearch; toText: () => void };

/** All that restricts the result as chips, and one field in which a condition is typed with what is known offered. */
export function QueryChips({ search, update, toText }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>();
  const [asked] = useDebouncedValue(text, 150);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const suggestions = useSuggestions(asked, combobox.dropdownOpened, search.service ?? '');
  const filters = activeFilters(search, t);

  const commit = (written: string) => {
    const change = readCondition(written, search);
    if (typeof change === 'string') {
      setProblem(change === 'empty' ? undefined : change);
      return;
    }
    update(change);
    setText('');
    setProblem(undefined);
    combobox.closeDropdown();
  };
  const take = (value: string) => {
    const one: Suggestion | undefined = suggestions.find((suggestion) => suggestion.text === value);
    if (one?.whole) commit(value);
    else {
      setText(value);
      combobox.resetSelectedOption();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && combobox.getSelectedOptionIndex() === -1) {
      event.preventDefault();
      commit(text);
    }
    const last = filters.at(-1);
    if (event.key === 'Backspace' && text === '' && last) update(last.without);
  };

  return (
    <>
      <div className={classes.line} data-bad={problem !== undefined || undefined}>
        <IconSearch size={15} className={classes.icon} aria-hidden="true" />
        <ul className={classes.chips} aria-label={t('search.filters')}>
          {filters.map((filter) => (
            <li key={filter.id} className={classes.chip} title={filter.label}>
              {filter.query ? (
                <button
                  type="button"
                  className={classes.part}
                  aria-label={t('query.edit', { condition: filter.label })}
                  onClick={toText}
                >
                  {filter.label}
                </button>
              ) : (
                <span className={classes.chipText}>{filter.label}</span>
              )}
              <CloseButton
                size="xs"
                aria-label={t('search.removeCondition', { condition: filter.label })}
                onClick={() => update(filter.without)}
              />
            </li>
          ))}
        </ul>
        <Combobox store={combobox} onOptionSubmit={take} position="bottom-start" width={420}>
          <Combobox.Target withExpandedAttribute>
            <input
              data-search
              aria-autocomplete="list"
              className={classes.field}
              aria-label={t('query.field')}
              placeholder={filters.length === 0 ? t('query.hint') : t('query.another')}
              value={text}
              spellCheck={false}
              autoComplete="off"
              aria-invalid={problem !== undefined}
              aria-describedby={problem ? 'query-problem' : undefined}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setProblem(undefined);
                combobox.openDropdown();
                combobox.resetSelectedOption();
              }}
              onFocus={() => combobox.openDropdown()}
              onClick={() => combobox.openDropdown()}
              onBlur={() => combobox.closeDropdown()}
              onKeyDown={onKeyDown}
            />
          </Combobox.Target>
          <Offers suggestions={suggestions} />
        </Combobox>
      </div>
      {problem && (
        <p id="query-problem" role="alert" className={classes.problem}>
          {t(`query.problem.${problem as Exclude<Problem, 'empty'>}`)}
        </p>
      )}
    </>
  );
}
