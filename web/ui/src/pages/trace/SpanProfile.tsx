import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { useProfile } from '../../api/functions';
import { FlameGraph } from '../../components/FlameGraph';
import { ProfileDownload } from '../../components/ProfileDownload';
import { Result } from '../../components/Result';
import { useView } from '../../components/use-view';
import { TRACE } from '../../lib/trace-view';
import classes from './SpanPanel.module.css';

/** The CPU profile that was taken while the span ran. */
export function SpanProfile({ span: { traceId, spanId } }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const { state, replace } = useView(TRACE);
  const profile = useProfile(traceId, spanId);
  return (
    <>
      <p className={classes.profileHead}>
        <span className={classes.none}>{t('spanMore.profile')}</span>
        <ProfileDownload traceId={traceId} spanId={spanId} />
      </p>
      <Result query={profile} height={320}>
        {(graph) => (
          <FlameGraph
            key={spanId}
            graph={graph}
            frame={state.frame ?? ''}
            onFrame={(frame) => replace({ frame: frame || undefined })}
          />
        )}
      </Result>
    </>
  );
}
