import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceSearch } from '../../lib/trace-search';
import type { UpdateSearch } from './filters';
import classes from './QueryBar.module.css';
import { QueryChips } from './QueryChips';
import { QueryHelp } from './QueryHelp';
import { QueryText } from './QueryText';
import { Switcher } from './Switcher';

const MODES = ['chips', 'text'] as const;

/** What restricts the result, as chips or as one text: two ways to write the same conditions. */
export function QueryBar({ search, update }: { search: TraceSearch; update: UpdateSearch }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<string | undefined>();
  const mode = search.mode ?? 'chips';
  const setMode = (mode: (typeof MODES)[number]) => {
    setDraft(undefined);
    update({ mode });
  };
  return (
    <div className={classes.bar} role="search" aria-label={t('query.label')}>
      <div className={classes.body}>
        {mode === 'text' ? (
          <QueryText search={search} update={update} draft={draft} setDraft={setDraft} />
        ) : (
          <QueryChips search={search} update={update} toText={() => setMode('text')} />
        )}
      </div>
      <div className={classes.modes}>
        <Switcher
          label={t('query.mode.label')}
          value={mode}
          options={MODES.map((value) => ({ value, label: t(`query.mode.${value}`) }))}
          onChange={setMode}
        />
        <QueryHelp
          onPick={(example) => {
            update({ mode: 'text' });
            setDraft(example);
          }}
        />
      </div>
    </div>
  );
}
