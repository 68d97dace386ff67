import { ActionIcon, Button, Menu, Switch, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconEye, IconEyeOff, IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { Change } from '../../components/use-view';
import type { ServiceColour } from '../../lib/colour';
import { type TRACE, TRACE_VIEWS, type TraceView } from '../../lib/trace-view';
import type { TraceModel } from '../../trace/model';
import { Legend } from './Legend';
import classes from './Toolbar.module.css';

type Props = {
  model: TraceModel;
  view: TraceView;
  change: Change<typeof TRACE>;
  settle: Change<typeof TRACE>;
  colours: Map<string, ServiceColour>;
  matches: Uint8Array | undefined;
  row: number;
  hasGaps: boolean;
  onMatch: (direction: 1 | -1) => void;
};

/** How the trace is looked at, and what of it. */
export function Toolbar(props: Props) {
  const { view, change, hasGaps } = props;
  const { t } = useTranslation();
  const current = view.v ?? 'waterfall';
  const turn = (key: 'cp' | 'fold' | 'gaps', usual: 'on' | 'off') => ({
    size: 'xs' as const,
    checked: (view[key] ?? usual) === 'on',
    onChange: (event: { currentTarget: { checked: boolean } }) =>
      change({ [key]: event.currentTarget.checked ? 'on' : 'off' }),
  });
  return (
    <div className={classes.bar} role="toolbar" aria-label={t('views.label')}>
      <div className={classes.views}>
        {TRACE_VIEWS.map((name, i) => (
          <button
            key={name}
            type="button"
            className={classes.view}
            aria-pressed={name === current}
            title={String(i + 1)}
            onClick={() => change({ v: name })}
          >
            {t(`views.${name}`)}
          </button>
        ))}
      </div>
      <span className={classes.spring} />
      {(current === 'waterfall' || current === 'flame') && hasGaps && (
        <Switch label={t('views.gaps')} {...turn('gaps', 'off')} />
      )}
      {current === 'waterfall' && (
        <>
          <Switch label={t('views.criticalPath')} {...turn('cp', 'on')} />
          <Switch label={t('views.fold')} {...turn('fold', 'on')} />
          <Legend />
          <HideMenu {...props} />
          <Find {...props} />
        </>
      )}
    </div>
  );
}

function Find({ view, settle, matches, row, onMatch }: Props) {
  const { t } = useTranslation();
  let count = 0;
  let at = 0;
  for (let i = 0; i < (matches?.length ?? 0); i++) {
    if (!matches?.[i]) continue;
    count++;
    if (i <= row) at = count;
  }
  return (
    <>
      <TextInput
        key={view.q === undefined ? 'none' : 'some'}
        data-search
        size="xs"
        w={200}
        aria-label={t('views.find')}
        placeholder={t('views.find')}
        defaultValue={view.q ?? ''}
        autoFocus={false}
        leftSection={<IconSearch size={14} />}
        onChange={(event) => settle({ q: event.currentTarget.value || undefined })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onMatch(event.shiftKey ? -1 : 1);
        }}
      />
      {matches && (
        <span className={classes.found} role="status">
          {count === 0 ? t('views.noMatches') : t('views.matches', { at: String(at), count })}
        </span>
      )}
      {matches && count > 0 && (
        <span className={classes.steps}>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t('views.previous')}
            onClick={() => onMatch(-1)}
          >
            <IconArrowUp size={14} />
          </ActionIcon>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t('views.next')}
            onClick={() => onMatch(1)}
          >
            <IconArrowDown size={14} />
          </ActionIcon>
        </span>
      )}
    </>
  );
}

/** In thousandths of the trace. */
const SHORT = [0, 1, 10, 50];

function HideMenu({ model, view, change, colours }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const hide = view.hide ?? [];
  const min = view.min ?? 0;
  const rules = hide.length + (min > 0 ? 1 : 0);
  const toggle = (name: string) => {
    const next = hide.includes(name) ? hide.filter((other) => other !== name) : [...hide, name];
    change({ hide: next.length > 0 ? next : undefined });
  };
  return (
    <Menu closeOnItemClick={false} position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          size="compact-xs"
          variant={rules > 0 ? 'light' : 'default'}
          leftSection={rules > 0 ? <IconEyeOff size={14} /> : <IconEye size={14} />}
        >
          {rules > 0 ? t('views.hiding', { count: rules }) : t('views.hide')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('views.hideServices')}</Menu.Label>
        {model.serviceSpans.map(({ name, spans }) => (
          <Menu.CheckboxItem
            key={name}
            checked={!hide.includes(name)}
            rightSection={<span className={classes.found}>{format.count(spans)}</span>}
            onChange={() => toggle(name)}
          >
            <ServiceName name={name} colour={colours.get(name)} />
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('views.hideShort')}</Menu.Label>
        <Menu.RadioGroup
          value={String(min)}
          onChange={(share) => change({ min: share === '0' ? undefined : Number(share) })}
        >
          {SHORT.map((share) => (
            <Menu.RadioItem key={share} value={String(share)}>
              {share === 0 ? t('views.hideNothing') : t('views.hideShare', { share: String(share / 10) })}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        {rules > 0 && (
          <Menu.Item onClick={() => change({ hide: undefined, min: undefined })}>
            {t('views.showAll')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
