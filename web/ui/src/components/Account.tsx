import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, type Session } from '../api/client';

/** Signs out; nothing at all on a server without authentication. */
export function Account({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: api.signOut,
    // What was loaded belongs to who was signed in.
    onSuccess: () => queries.resetQueries(),
  });
  if (!session.authRequired || !session.signedIn) return null;
  return (
    <Tooltip label={`${t('shell.signOut')} · ${t('shell.account', { name: session.name })}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t('shell.signOut')}
        onClick={() => signOut.mutate()}
      >
        <IconLogout size={17} />
      </ActionIcon>
    </Tooltip>
  );
}
