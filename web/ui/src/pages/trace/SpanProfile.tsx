import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { basePath, type SpanDetail } from '../../api/client';
import { useProfile } from '../../api/functions';
import { FlameGraph } from '../../components/FlameGraph';
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
        <Button
          component="a"
          size="compact-xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden="true" />}
          href={`${basePath()}/api/v1/profiles/${traceId}/${spanId}?format=pprof`}
          download
        >
          {t('fn.download')}
        </Button>
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
