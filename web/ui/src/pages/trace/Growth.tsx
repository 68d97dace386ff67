import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { TraceModel } from '../../trace/model';
import classes from './TracePage.module.css';
import { useGrowth } from './use-growth';

/**
 * Says that spans came since, and reads the trace again on request only: nothing jumps while it is read. It counts spans, which
 * zooming must not make it do.
 */
export const Growth = memo(function Growth({
  model,
  reload,
  reloading,
}: {
  model: TraceModel;
  reload: () => void;
  reloading: boolean;
}) {
  const { t } = useTranslation();
  const more = useGrowth(model);
  return (
    <div className={classes.growth} role="status">
      {more > 0 && (
        <Button
          size="compact-sm"
          radius="xl"
          leftSection={<IconRefresh size={14} />}
          loading={reloading}
          onClick={reload}
        >
          {t('growing.more', { count: more })}
        </Button>
      )}
    </div>
  );
});
