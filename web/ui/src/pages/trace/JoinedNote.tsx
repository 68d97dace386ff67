import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import { useFormats } from '../../components/use-formats';
import { MOST_HOPS, MOST_OF_SPAN, MOST_SPANS, MOST_TRACES } from '../../trace/join';

type Props = { shown: number; left: number; missing: number; loading: boolean; onHide: () => void };

/** How many linked traces are in the picture, and what is not and why. */
export function JoinedNote({ shown, left, missing, loading, onHide }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const said = [
    ...(shown > 0 ? [t('linked.shown', { count: shown })] : []),
    ...(loading ? [t('linked.loading')] : []),
    ...(left > 0
      ? [
          t('linked.left', {
            count: left,
            spans: format.count(MOST_SPANS),
            ofSpan: String(MOST_OF_SPAN),
            traces: String(MOST_TRACES),
            hops: String(MOST_HOPS),
          }),
        ]
      : []),
    ...(missing > 0 ? [t('linked.missing', { count: missing })] : []),
  ];
  if (said.length === 0) return null;
  return (
    <Note tone="info">
      {said.join(' ')}{' '}
      <Button size="compact-xs" variant="default" onClick={onHide}>
        {t('linked.hideAll')}
      </Button>
    </Note>
  );
}
