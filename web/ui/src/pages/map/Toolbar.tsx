import { ActionIcon, Button, Select, Tooltip } from '@mantine/core';
import { IconLayoutGrid, IconSearch, IconTable, IconX } from '@tabler/icons-react';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Change } from '../../components/use-view';
import type { StateOf } from '../../lib/view';
import { ExpressionInput } from './ExpressionInput';
import type { MapNode } from './graph';
import classes from './MapPage.module.css';
import { GROUPINGS, type MAP, METRICS } from './view';

type Props = {
  state: StateOf<typeof MAP>;
  change: Change<typeof MAP>;
  nodes: readonly MapNode[];
  focusName: string | undefined;
  /** Only some traces are drawn. */
  filtered: boolean;
  marked: number;
  masked: number;
  onFind: (id: string) => void;
  onArrange: () => void;
};

/** What is on the map, and how it is shown. */
export function Toolbar({
  state,
  change,
  nodes,
  focusName,
  filtered,
  marked,
  masked,
  onFind,
  onArrange,
}: Props) {
  const { t } = useTranslation();
  const hidden = state.hide?.length ?? 0;
  return (
    <div className={classes.toolbar} role="group" aria-label={t('map.controls')}>
      <Select
        className={classes.find ?? ''}
        size="xs"
        aria-label={t('map.find')}
        placeholder={t('map.find')}
        leftSection={<IconSearch size={14} />}
        data={nodes.map(({ id, name }) => ({ value: id, label: name }))}
        value={null}
        onChange={(id) => id && onFind(id)}
        searchable
        // Enter takes the best match.
        selectFirstOptionOnChange
        limit={30}
        maxDropdownHeight={320}
        nothingFoundMessage={t('palette.nothing')}
        data-search
      />
      <Choice
        label={t('map.shows')}
        value={state.metric ?? 'rate'}
        options={METRICS.map((one) => [one, t(`map.metric.${one}`)])}
        onChange={(metric) => change({ metric })}
      />
      <Choice
        label={t('map.groupBy')}
        value={state.group ?? 'auto'}
        options={GROUPINGS.map((one) => [one, t(`map.grouping.${one}`)])}
        onChange={(group) => change({ group, opened: undefined, z: undefined })}
      />
      <Choice
        label={t('map.compare')}
        disabled={filtered ? t('map.compareFiltered') : undefined}
        value={state.diff ?? ''}
        options={[
          ['', t('map.compareNone')],
          ['before', t('map.compareBefore')],
          ['day', t('map.compareDay')],
        ]}
        onChange={(diff) => change({ diff: diff === '' ? undefined : diff })}
      />
      <ExpressionInput {...{ state, change, marked, masked }} />
      {state.focus !== undefined && (
        <>
          <Choice
            label={t('map.around', { name: focusName ?? state.focus })}
            value={String(state.hops ?? 1)}
            options={['1', '2', '3', '4', '5'].map((n) => [n, t('map.hops', { count: Number(n) })])}
            onChange={(hops) => change({ hops: Number(hops), z: undefined })}
          />
          <Button
            size="compact-xs"
            variant="light"
            leftSection={<IconX size={13} />}
            onClick={() => change({ focus: undefined, hops: undefined, z: undefined })}
          >
            {t('map.unfocus')}
          </Button>
        </>
      )}
      {hidden > 0 && (
        <Button size="compact-xs" variant="light" onClick={() => change({ hide: undefined })}>
          {t('map.showHidden', { count: hidden })}
        </Button>
      )}
      <span className={classes.spring} />
      <Tooltip label={t('map.arrange')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          aria-label={t('map.arrange')}
          onClick={onArrange}
          disabled={state.table === true}
        >
          <IconLayoutGrid size={16} />
        </ActionIcon>
      </Tooltip>
      <Button
        size="compact-sm"
        variant={state.table ? 'light' : 'default'}
        leftSection={<IconTable size={15} />}
        aria-pressed={state.table === true}
        onClick={() => change({ table: state.table ? undefined : true })}
      >
        {t('map.table')}
      </Button>
    </div>
  );
}

type ChoiceProps<T extends string> = {
  label: ReactNode;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  /** Why nothing can be chosen now. */
  disabled?: string | undefined;
};

function Choice<T extends string>({ label, value, options, onChange, disabled }: ChoiceProps<T>) {
  const id = useId();
  return (
    <span className={classes.control}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className={classes.select}
        value={value}
        disabled={disabled !== undefined}
        title={disabled}
        aria-description={disabled}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}
