import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { movedBox } from './box-keys';
import type { Box } from './frame';

/** How long keys rest before what they selected is asked for. */
const REST_MS = 350;

/** A selection made by arrow keys. It is shown at once, and handed on when no key has come for a moment. */
export function useBoxKeys(
  box: Box | undefined,
  room: Box,
  upright: boolean,
  onBox: (box: Box) => void,
  onClear: () => void,
) {
  const [drawn, setDrawn] = useState<Box | undefined>();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const finish = (made: Box | undefined) => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (made) onBox(made);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && (drawn || box)) {
      event.stopPropagation();
      finish(undefined);
      setDrawn(undefined);
      onClear();
      return;
    }
    if (event.key === 'Enter') finish(timer.current && drawn);
    const next = movedBox(drawn ?? box, event.key, event.shiftKey, room, upright);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setDrawn(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => finish(next), REST_MS);
  };
  const onBlur = () => {
    if (timer.current) finish(drawn);
    setDrawn(undefined);
  };
  return { drawn, onKeyDown, onBlur };
}
