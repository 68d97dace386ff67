import { Button, Combobox, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSearch } from '../../lib/trace-search';
import { fromChips, toChips } from '../../query/chips';
import { completed, fragmentAt } from '../../query/complete';
import type { Reason } from '../../query/fields';
import type { Place } from '../../query/lexer';
import { parseQuery } from '../../query/parse';
import { writeQueryText } from '../../query/write';
import type { UpdateSearch } from './filters';
import classes from './QueryBar.module.css';
import { EXAMPLES } from './QueryHelp';
import { Offers } from './QueryOffers';
import { QueryProblem } from './QueryProblem';
import { useSuggestions } from './use-suggestions';

type Props = {
  search: TraceSearch;
  update: UpdateSearch;
  draft: string | undefined;
  setDraft: (draft: string | undefined) => void;
};

const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);

/** All conditions as one text. It is asked when Enter is pressed; until then the result is that of what was asked last. */
export function QueryText({ search, update, draft, setDraft }: Props) {
  const { t } = useTranslation();
  const asked = useMemo(() => writeQueryText(fromChips(search)), [search]);
  const [problem, setProblem] = useState<{ place: Place; reason: Reason } | undefined>();
  const [caret, setCaret] = useState(0);
  const text = draft ?? asked;
  const area = useRef<HTMLTextAreaElement>(null);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const fragment = useMemo(() => fragmentAt(text, caret), [text, caret]);
  const [typed] = useDebouncedValue(fragment.typed, 150);
  const suggestions = useSuggestions(typed, combobox.dropdownOpened, search.service ?? '');
  useGrowing(area, text);
  const parsed = useMemo(() => parseQuery(text), [text]);
  const pending = !('query' in parsed && same(toChips(parsed.query), toChips(fromChips(search))));

  const put = (at: number, end: number) => {
    area.current?.focus();
    // Once the text is there.
    requestAnimationFrame(() => area.current?.setSelectionRange(at, end));
    setCaret(end);
  };
  const commit = () => {
    combobox.closeDropdown();
    if ('problem' in parsed) {
      setProblem(parsed.problem);
      put(parsed.problem.place.at, parsed.problem.place.end);
      return;
    }
    setProblem(undefined);
    if (pending) update(toChips(parsed.query));
    setDraft(undefined);
  };
  const take = (value: string) => {
    const one = suggestions.find((suggestion) => suggestion.text === value);
    if (!one) return;
    const next = completed(text, caret, fragment, one);
    setDraft(next.text);
    put(next.caret, next.caret);
    if (one.whole) combobox.closeDropdown();
    else combobox.resetSelectedOption();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const offered = combobox.dropdownOpened && suggestions.length > 0;
    const handled = () => event.preventDefault();
    if (event.key === 'Enter' && !event.shiftKey) {
      handled();
      if (offered && combobox.getSelectedOptionIndex() !== -1) combobox.clickSelectedOption();
      else commit();
    } else if (event.key === ' ' && event.ctrlKey) {
      handled();
      combobox.openDropdown();
    } else if (event.key === 'Escape' && offered) {
      handled();
      event.stopPropagation();
      combobox.closeDropdown();
    } else if (offered && event.key === 'ArrowDown') {
      handled();
      combobox.selectNextOption();
    } else if (offered && event.key === 'ArrowUp') {
      handled();
      combobox.selectPreviousOption();
    }
  };

  return (
    <>
      <div className={classes.line} data-bad={problem !== undefined || undefined}>
        <Combobox store={combobox} onOptionSubmit={take} position="bottom-start" width={420}>
          <Combobox.Target withKeyboardNavigation={false} withExpandedAttribute>
            <textarea
              ref={area}
              data-search
              aria-autocomplete="list"
              className={classes.text}
              rows={1}
              aria-label={t('query.text')}
              placeholder={EXAMPLES.and}
              value={text}
              spellCheck={false}
              autoComplete="off"
              aria-invalid={problem !== undefined}
              aria-describedby={problem ? 'query-problem' : 'query-pending'}
              onChange={(event) => {
                setDraft(event.currentTarget.value);
                setCaret(event.currentTarget.selectionStart);
                setProblem(undefined);
                combobox.openDropdown();
                combobox.resetSelectedOption();
              }}
              onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
              onBlur={() => combobox.closeDropdown()}
              onKeyDown={onKeyDown}
            />
          </Combobox.Target>
          <Offers suggestions={suggestions} />
        </Combobox>
        <Button size="compact-sm" variant={pending ? 'filled' : 'default'} onClick={commit}>
          {t('query.run')}
        </Button>
      </div>
      {problem ? (
        <QueryProblem text={text} problem={problem} />
      ) : (
        <p id="query-pending" className={classes.pending}>
          {pending ? t('query.pending') : t('query.keys')}
        </p>
      )}
    </>
  );
}

/** As high as its text. */
function useGrowing(area: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is what the height follows
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [area, text]);
}
