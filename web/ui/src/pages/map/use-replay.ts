import { useCallback, useEffect, useMemo, useState } from 'react';
import type { TopologyMatrix } from '../../api/topology';
import { type Replay, stepAt, toReplay } from './replay';

/** How long each step stands while it plays. */
const STEP_MS = 500;

/**
 * Goes through the steps of the range. at is the address's moment; write changes it. While it plays the moment changes too
 * often for the address, which gets it when it stops.
 */
export function useReplay(
  matrix: TopologyMatrix | undefined,
  at: number | undefined,
  write: (at: number | undefined) => void,
) {
  const replay = useMemo((): Replay | undefined => (matrix ? toReplay(matrix) : undefined), [matrix]);
  const [playing, setPlaying] = useState<number>();
  const step = playing ?? (replay ? stepAt(replay, at) : undefined);
  const moment = useCallback(
    (of: number | undefined) =>
      of === undefined || !replay ? undefined : Math.round(replay.fromMs + of * replay.stepMs),
    [replay],
  );
  const last = (replay?.calls.length ?? 1) - 1;
  useEffect(() => {
    if (playing === undefined) return;
    const timer = setTimeout(() => {
      if (playing < last) setPlaying(playing + 1);
      else {
        setPlaying(undefined);
        write(moment(playing));
      }
    }, STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, last, write, moment]);
  const goTo = (to: number | undefined) => {
    setPlaying(undefined);
    write(moment(to));
  };
  const play = () => {
    if (!replay) return;
    if (playing !== undefined) goTo(playing);
    else setPlaying(step === undefined || step >= last ? 0 : step);
  };
  return { replay, step, playing: playing !== undefined, goTo, play };
}
