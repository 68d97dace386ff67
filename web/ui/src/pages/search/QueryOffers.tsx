import { Combobox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './QueryBar.module.css';
import type { Suggestion } from './use-suggestions';

/** What may follow what is typed. */
export function Offers({ suggestions }: { suggestions: readonly Suggestion[] }) {
  const { t } = useTranslation();
  return (
    <Combobox.Dropdown hidden={suggestions.length === 0}>
      <Combobox.Options mah={320} className={classes.options} aria-label={t('query.offers')}>
        {suggestions.map((one) => (
          <Combobox.Option key={one.text} value={one.text} className={classes.option}>
            <span className={classes.offer}>{one.label}</span>
            {one.hint && <span className={classes.hint}>{one.hint}</span>}
          </Combobox.Option>
        ))}
      </Combobox.Options>
    </Combobox.Dropdown>
  );
}
