import { ActionIcon, Button, Text, Tooltip } from '@mantine/core';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { type MouseEvent, memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import { fromMillis } from '../../units';
import classes from './MapPage.module.css';
import type { Replay } from './replay';

type Props = {
  replay: Replay;
  step: number | undefined;
  playing: boolean;
  onStep: (step: number | undefined) => void;
  onPlay: () => void;
};

/** The range in steps: how many calls and errors each has, and which of them the map shows. */
export function Timeline({ replay, step, playing, onStep, onPlay }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const steps = replay.calls.length;
  const clock = (index: number) => format.instantShort(fromMillis(replay.fromMs + index * replay.stepMs));
  const says =
    step === undefined
      ? t('map.wholeRange')
      : t('map.stepSays', {
          time: clock(step),
          length: format.duration(replay.stepMs * 1e6),
          calls: format.count(replay.calls[step] ?? 0),
          errors: format.count(replay.errors[step] ?? 0),
        });
  const onClick = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    onStep(Math.min(steps - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * steps))));
  };
  return (
    <section className={classes.timeline} aria-label={t('map.timeline')}>
      <div className={classes.timelineHead}>
        <Tooltip label={playing ? t('map.pause') : t('map.play')}>
          <ActionIcon
            variant="light"
            size={26}
            aria-label={playing ? t('map.pause') : t('map.play')}
            onClick={onPlay}
          >
            {playing ? <IconPlayerPauseFilled size={14} /> : <IconPlayerPlayFilled size={14} />}
          </ActionIcon>
        </Tooltip>
        <Text size="xs">{says}</Text>
        {replay.truncated && (
          <Text size="xs" c="dimmed">
            {t('map.fewSteps')}
          </Text>
        )}
        <span className={classes.spring} />
        {step !== undefined && (
          <Button size="compact-xs" variant="default" onClick={() => onStep(undefined)}>
            {t('map.wholeRange')}
          </Button>
        )}
      </div>
      <svg
        className={classes.bars}
        viewBox={`0 0 ${steps} 34`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onClick={onClick}
      >
        <Bars replay={replay} />
        {step !== undefined && <rect className={classes.barAt} x={step} y={0} width={1} height={34} />}
      </svg>
      <input
        type="range"
        className={classes.slider}
        min={0}
        max={steps - 1}
        value={step ?? steps - 1}
        aria-label={t('map.step')}
        aria-valuetext={says}
        onChange={(event) => onStep(Number(event.currentTarget.value))}
      />
    </section>
  );
}

const Bars = memo(function Bars({ replay: { calls, errors } }: { replay: Replay }) {
  const most = calls.reduce((max, one) => Math.max(max, one), 1);
  const bar = (values: readonly number[], least: number) =>
    values
      .map((value, i) => {
        const height = value === 0 ? 0 : Math.max(least, (value / most) * 34);
        return `M${i + 0.1} 34v${-height}h0.8v${height}z`;
      })
      .join('');
  return (
    <>
      <path className={classes.barCalls} d={bar(calls, 1)} />
      {/* A few errors among many calls must still be seen. */}
      <path className={classes.barErrors} d={bar(errors, 3)} />
    </>
  );
});
