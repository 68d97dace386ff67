import {
  IconAlertTriangleFilled,
  IconLoader,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Instance } from '../../api/functions';
import { useFormats } from '../../components/use-formats';
import { parseInstant, toMillis } from '../../units';
import own from './Instances.module.css';

const STATES = ['starting', 'ready', 'failed', 'frozen', 'thawed', 'stopped'] as const;

const ICONS = {
  starting: IconLoader,
  ready: IconPlayerPlay,
  thawed: IconPlayerPlay,
  frozen: IconPlayerPause,
  stopped: IconPlayerStop,
  failed: IconAlertTriangleFilled,
};

const known = (state: string) => STATES.find((one) => one === state);

function useStateWord() {
  const { t } = useTranslation();
  return (state: string) => {
    const name = known(state);
    return name ? t(`fn.state.${name}`) : state;
  };
}

/** A state by sign and word. */
export function StateWord({ state }: { state: string }) {
  const word = useStateWord();
  const name = known(state);
  const Icon = name && ICONS[name];
  return (
    <span className={own.state} data-state={state}>
      {Icon && <Icon size={14} aria-hidden="true" />}
      {word(state)}
    </span>
  );
}

type Props = {
  instance: Instance;
  window: { fromMs: number; toMs: number };
  /** It is over; else the bar goes on to the end of the window. */
  ended: boolean;
};

/** An instance's life as a bar within the time range; the time until it was ready is hatched. */
export function Life({ instance, window, ended }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const word = useStateWord();
  const { fromMs, toMs } = window;
  const width = Math.max(1, toMs - fromMs);
  const place = (ms: number) => Math.min(100, Math.max(0, ((ms - fromMs) / width) * 100));
  const first = toMillis(parseInstant(instance.firstNs));
  const last = ended ? toMillis(parseInstant(instance.lastNs)) : toMs;
  const left = place(first);
  const right = place(last);
  const initShare = last > first ? Math.min(100, (instance.initNs / 1e6 / (last - first)) * 100) : 0;
  const label = t('fn.lifeOf', {
    from: format.instantShort(parseInstant(instance.firstNs)),
    to: ended ? format.instantShort(parseInstant(instance.lastNs)) : t('fn.stillThere'),
    state: word(instance.state),
  });
  return (
    <div className={own.lane} role="img" aria-label={label} title={label}>
      <div
        className={own.life}
        data-state={instance.state}
        style={{ left: `${Math.min(left, 99.5)}%`, width: `${right - left}%` }}
      >
        {right - left > 2 && initShare > 0.2 && (
          <div className={own.init} style={{ width: `${initShare}%` }} />
        )}
      </div>
    </div>
  );
}
