import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { sampleQuery, useTraceCount } from '../../api/search';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Brush } from '../../lib/brush';
import type { RangeText } from '../../lib/range';
import { summarise } from '../../lib/summarise';
import classes from './SelectionBar.module.css';
import { useBrushWords } from './use-brush-words';

type Props = {
  brush: Brush | undefined;
  selection: SearchRequest;
  total: string;
  request: SearchRequest;
  range: RangeText;
  onBrush: (brush: Brush | undefined) => void;
};

/** What is selected among the traces found, and two selections that need no dragging. */
export function SelectionBar({ brush, selection, total, request, range, onBrush }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const slow = async () => {
    const sample = await queries.fetchQuery(sampleQuery(request, range)).catch(() => undefined);
    if (!sample?.traces.length) return;
    const { p95 } = summarise(sample.traces.map((trace) => trace.durationNs));
    onBrush({ trace: { from: p95 } });
  };
  const words = useBrushWords();
  return (
    <div className={classes.bar}>
      {brush ? (
        <>
          <Counted selection={selection} total={total} />
          <span className={classes.words}>{words(brush)}</span>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconX size={13} />}
            onClick={() => onBrush(undefined)}
          >
            {t('brush.clear')}
          </Button>
        </>
      ) : (
        <>
          <span className={classes.lead}>{t('brush.lead')}</span>
          <Button size="compact-xs" variant="default" onClick={() => onBrush({ errors: true })}>
            {t('brush.errors')}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => void slow()}>
            {t('brush.slow')}
          </Button>
        </>
      )}
    </div>
  );
}

function Counted({ selection, total }: { selection: SearchRequest; total: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data } = useTraceCount(selection, useRange().refetchInterval);
  return (
    <strong role="status">
      {data
        ? t('brush.counted', {
            selected: `${data.atLeast ? '≥ ' : ''}${format.count(data.traces)}`,
            total,
          })
        : '…'}
    </strong>
  );
}
