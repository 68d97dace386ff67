import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import {
  FLAG_CYCLE_CUT,
  FLAG_LOST,
  FLAG_RUNNING,
  FLAG_STARTS_EARLY,
  type TraceModel,
} from '../../trace/model';
import { isArriving } from './use-growth';

/** What is odd about a trace, in words: missing parents, clocks that differ, loops, spans without an end. */
export function TraceNotes({ model }: { model: TraceModel }) {
  const { t } = useTranslation();
  const { skewed, running, lost, cut } = useMemo(() => {
    let skewed = 0;
    let running = 0;
    let lost = 0;
    let cut = false;
    for (const flags of model.flags) {
      if (flags & FLAG_STARTS_EARLY) skewed++;
      if (flags & FLAG_RUNNING) running++;
      if (flags & FLAG_LOST) lost++;
      if (flags & FLAG_CYCLE_CUT) cut = true;
    }
    return { skewed, running, lost, cut };
  }, [model]);
  // What is missing so soon is no fault: it is said without alarm, and not counted.
  const arriving = model.orphans > 0 && isArriving(model, Date.now());
  const notes = [
    ...(model.orphans > 0 && !arriving ? [t('trace.orphans', { count: model.orphans })] : []),
    ...(skewed > 0 ? [t('trace.skewed', { count: skewed })] : []),
    ...(running > 0 ? [t('trace.running', { count: running })] : []),
    ...(lost > 0 ? [t('trace.lost', { count: lost })] : []),
    ...(cut ? [t('trace.cycles')] : []),
  ];
  return (
    <>
      {arriving && <Note tone="info">{t('growing.arriving')}</Note>}
      {notes.length > 0 && <Note tone="warning">{notes.join(' ')}</Note>}
    </>
  );
}
