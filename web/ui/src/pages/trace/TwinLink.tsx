import { Button } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { twinQuery } from '../../api/trace';

type Props = { traceId: string; spanId?: string; short?: boolean };

/** Looks for a healthy trace of the same kind, which is work for the server, and leads to the comparison with it. */
export function TwinLink({ traceId, spanId, short = false }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [state, setState] = useState<'' | 'asking' | 'none' | 'failed'>('');
  const ask = async () => {
    setState('asking');
    try {
      const { twin } = await queries.fetchQuery(twinQuery(traceId));
      if (!twin) return setState('none');
      setState('');
      await navigate({
        to: '/compare',
        search: { a: twin.traceId, b: traceId, ...(spanId && { sb: spanId }) },
      });
    } catch {
      setState('failed');
    }
  };
  if (state === 'none') return <span role="status">{t('compare.noTwin')}</span>;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        {...(short && { px: 0, title: t('spanMore.healthy') })}
        leftSection={<IconArrowsDiff size={14} aria-hidden="true" />}
        loading={state === 'asking'}
        onClick={() => void ask()}
      >
        {short ? t('spanMore.healthyShort') : t('spanMore.healthy')}
      </Button>
      {state === 'failed' && <span role="alert">{t('spanMore.healthyFailed')}</span>}
    </>
  );
}
