import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import { FLAG_CYCLE_CUT, FLAG_STARTS_EARLY, type TraceModel } from '../../trace/model';

/** What is odd about a trace, in words: missing parents, clocks that differ, loops. */
export function TraceNotes({ model }: { model: TraceModel }) {
  const { t } = useTranslation();
  const { skewed, cut } = useMemo(() => {
    let skewed = 0;
    let cut = false;
    for (const flags of model.flags) {
      if (flags & FLAG_STARTS_EARLY) skewed++;
      if (flags & FLAG_CYCLE_CUT) cut = true;
    }
    return { skewed, cut };
  }, [model]);
  const notes = [
    ...(model.orphans > 0 ? [t('trace.orphans', { count: model.orphans })] : []),
    ...(skewed > 0 ? [t('trace.skewed', { count: skewed })] : []),
    ...(cut ? [t('trace.cycles')] : []),
  ];
  if (notes.length === 0) return null;
  return <Note tone="warning">{notes.join(' ')}</Note>;
}
