import { ActionIcon, Loader, Tooltip } from '@mantine/core';
import {
  IconChevronLeft,
  IconChevronRight,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconZoomOut,
} from '@tabler/icons-react';
import { useIsFetching } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isMeta } from '../api/queries';
import { RangePicker } from './RangePicker';
import classes from './TimeControls.module.css';
import { useKeys } from './use-keys';
import { useRange } from './use-range';

/** The time range of the page, steps through time, whether it goes on by itself, and asking again. */
export function TimeControls() {
  const { t } = useTranslation();
  const { range, live, set, setLive, back, forward, zoomOut, refresh } = useRange();
  const fetching = useIsFetching({ predicate: (query) => !isMeta(query.queryKey) });
  useKeys('time', [
    { name: 'stepBack', press: ',', run: back },
    { name: 'stepForward', press: '.', run: forward },
    { name: 'zoomOut', press: '-', run: zoomOut },
    { name: 'refresh', press: 'r', run: refresh },
    { name: 'live', press: 'p', run: () => setLive(!live) },
  ]);
  return (
    <div className={classes.controls} role="group" aria-label={t('range.timeRange')}>
      <Step label={t('range.back')} onClick={back}>
        <IconChevronLeft size={16} />
      </Step>
      <RangePicker range={range} onChange={set} />
      <Step label={t('range.forward')} onClick={forward}>
        <IconChevronRight size={16} />
      </Step>
      <Step label={t('range.zoomOut')} onClick={zoomOut}>
        <IconZoomOut size={16} />
      </Step>
      <Step label={live ? t('range.pause') : t('range.live')} onClick={() => setLive(!live)} pressed={live}>
        {live ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
      </Step>
      <Step label={t('range.refresh')} onClick={refresh}>
        {fetching > 0 ? <Loader size={14} aria-label={t('state.loading')} /> : <IconRefresh size={16} />}
      </Step>
    </div>
  );
}

type StepProps = { label: string; onClick: () => void; pressed?: boolean; children: ReactNode };

function Step({ label, onClick, pressed, children }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={pressed ? 'light' : 'subtle'}
        color={pressed ? 'weft' : 'gray'}
        size={28}
        aria-label={label}
        {...(pressed !== undefined && { 'aria-pressed': pressed })}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
