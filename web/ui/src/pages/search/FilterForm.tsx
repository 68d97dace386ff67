import { Button, Select, Switch } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useOperations, useServices } from '../../api/queries';
import { hasFilters, type TraceSearch } from '../../lib/trace-search';
import { Conditions } from './Conditions';
import { DurationRange } from './DurationRange';
import classes from './FilterForm.module.css';
import { NO_FILTERS, type UpdateSearch } from './filters';

/** Every control takes effect when its value is complete; the button takes over what is still being typed and asks again. */
export function FilterForm({ search, update }: { search: TraceSearch; update: UpdateSearch }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const services = useServices();
  const operations = useOperations(search.service ?? '');
  const operationNames = useMemo(
    () =>
      withCurrent(
        [...new Set((operations.data ?? []).map((o) => o.name).filter((name) => name !== ''))],
        search.operation,
      ),
    [operations.data, search.operation],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Leaving a field commits it; the focus stays where it was.
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && form.current?.contains(focused)) {
      focused.blur();
      focused.focus();
    }
    void queries.invalidateQueries({ queryKey: ['search'] });
  };
  return (
    <form ref={form} className={classes.form} aria-label={t('search.filters')} onSubmit={submit}>
      <Select
        label={t('search.service')}
        placeholder={t('search.anyService')}
        data={withCurrent(services.data ?? [], search.service)}
        value={search.service ?? null}
        onChange={(service) => update({ service: service ?? undefined, operation: undefined })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('search.anyService') }}
        nothingFoundMessage={t('palette.nothing')}
        maxDropdownHeight={320}
      />
      <Select
        label={t('search.operation')}
        placeholder={t('search.anyOperation')}
        data={operationNames}
        value={search.operation ?? null}
        onChange={(operation) => update({ operation: operation ?? undefined })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('search.anyOperation') }}
        nothingFoundMessage={t('palette.nothing')}
        maxDropdownHeight={320}
        limit={200}
      />
      <Conditions search={search} update={update} />
      <DurationRange
        label={t('search.spanDuration')}
        min="minDuration"
        max="maxDuration"
        search={search}
        update={update}
      />
      <DurationRange
        label={t('search.traceDuration')}
        min="minTraceDuration"
        max="maxTraceDuration"
        search={search}
        update={update}
      />
      <Switch
        label={t('search.errorsOnly')}
        checked={search.errors ?? false}
        onChange={(event) => update({ errors: event.currentTarget.checked || undefined })}
      />
      <div className={classes.actions}>
        <Button type="submit" leftSection={<IconSearch size={15} />}>
          {t('search.submit')}
        </Button>
        <Button variant="default" disabled={!hasFilters(search)} onClick={() => update(NO_FILTERS)}>
          {t('search.clear')}
        </Button>
      </div>
    </form>
  );
}

// A value from the address may be unknown to the catalogue, and must be shown all the same.
function withCurrent(values: readonly string[], current: string | undefined): string[] {
  return current === undefined || values.includes(current) ? [...values] : [current, ...values];
}
