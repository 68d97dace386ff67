import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { profileHref } from '../api/client';

/** Saves the CPU profile of a span as pprof. */
export function ProfileDownload({ traceId, spanId }: { traceId: string; spanId: string }) {
  const { t } = useTranslation();
  return (
    <Button
      component="a"
      size="compact-xs"
      variant="default"
      leftSection={<IconDownload size={14} aria-hidden="true" />}
      href={profileHref(traceId, spanId)}
      download
    >
      {t('fn.download')}
    </Button>
  );
}
