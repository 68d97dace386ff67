import { Button, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconCalendarTime, IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  fromLocalInput,
  isRange,
  PRESETS,
  parseInstantText,
  type RangeText,
  resolveRange,
  toLocalInput,
} from '../lib/range';
import classes from './RangePicker.module.css';
import { useFormats } from './use-formats';

const LABELS = {
  'now-5m': 'range.last5m',
  'now-15m': 'range.last15m',
  'now-1h': 'range.last1h',
  'now-6h': 'range.last6h',
  'now-24h': 'range.last24h',
  'now-7d': 'range.last7d',
  'now-30d': 'range.last30d',
} as const satisfies Record<(typeof PRESETS)[number], string>;

const UNITS = { m: 'minute', h: 'hour', d: 'day' } as const;

type Props = { range: RangeText; onChange: (range: RangeText) => void };

/** Presets stay relative, so that a kept link means "the last hour"; absolute ends are written as instants. */
export function RangePicker({ range, onChange }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const choose = (chosen: RangeText) => {
    onChange(chosen);
    setOpen(false);
  };
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus shadow="md" returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconCalendarTime size={15} />}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => setOpen(!open)}
        >
          <RangeLabel range={range} />
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('range.timeRange')}>
        <div className={classes.panel}>
          <Stack gap={2}>
            {PRESETS.map((from) => (
              <Button
                key={from}
                size="compact-sm"
                justify="start"
                variant={range.to === 'now' && range.from === from ? 'light' : 'subtle'}
                color={range.to === 'now' && range.from === from ? 'weft' : 'gray'}
                onClick={() => choose({ from, to: 'now' })}
              >
                {t(LABELS[from])}
              </Button>
            ))}
          </Stack>
          <AbsoluteRange range={range} onApply={choose} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function RangeLabel({ range }: { range: RangeText }) {
  const { t } = useTranslation();
  const format = useFormats();
  const preset = PRESETS.find((p) => p === range.from);
  if (preset && range.to === 'now') return t(LABELS[preset]);
  const [, count, unit] = /^now-(\d+)([mhd])$/.exec(range.from) ?? [];
  if (range.to === 'now' && count && unit) {
    const length = new Intl.NumberFormat(format.language, {
      style: 'unit',
      unit: UNITS[unit as keyof typeof UNITS],
      unitDisplay: 'long',
    }).format(Number(count));
    return t('range.last', { length });
  }
  const now = Date.now();
  const show = (text: string) => {
    const at = parseInstantText(text, now);
    return at === undefined ? text : format.instantShort(at);
  };
  return `${show(range.from)} – ${show(range.to)}`;
}

function AbsoluteRange({ range, onApply }: { range: RangeText; onApply: (range: RangeText) => void }) {
  const { t } = useTranslation();
  const [initial] = useState(() => resolveRange(range, Date.now()));
  const [from, setFrom] = useState(() => toLocalInput(initial.fromMs));
  const [to, setTo] = useState(() => toLocalInput(initial.toMs));
  const chosen = { from: fromLocalInput(from) ?? '', to: fromLocalInput(to) ?? '' };
  const valid = isRange(chosen, Date.now());
  return (
    <Stack gap="xs" className={classes.absolute ?? ''}>
      <Text fw={550}>{t('range.absolute')}</Text>
      <TextInput
        type="datetime-local"
        step={1}
        label={t('range.from')}
        value={from}
        onChange={(e) => setFrom(e.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label={t('range.to')}
        value={to}
        error={!valid && t('range.rangeBad')}
        onChange={(e) => setTo(e.currentTarget.value)}
      />
      <Button size="xs" disabled={!valid} onClick={() => onApply(chosen)}>
        {t('range.apply')}
      </Button>
    </Stack>
  );
}
