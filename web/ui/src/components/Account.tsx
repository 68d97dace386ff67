import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, type Session } from '../api/client';
import { useSetSession } from '../api/queries';

/** Signs out; nothing at all on a server without authentication. */
export function Account({ session }: { session: Session }) {
  const { t } = useTranslation();
  const setSession = useSetSession();
  const signOut = useMutation({
    mutationFn: api.signOut,
    onSuccess: () => setSession({ ...session, signedIn: false, name: '', scopes: [] }),
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
