import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, api } from '../../api/client';
import { useForget, useSetSession } from '../../api/queries';
import classes from './system.module.css';

/** Asks for a token and trades it for a session cookie; the token itself is not kept. */
export function SignInPage() {
  const { t } = useTranslation();
  const setSession = useSetSession();
  const forget = useForget();
  const [token, setToken] = useState('');
  const signIn = useMutation({
    mutationFn: api.signIn,
    onSuccess: (session) => {
      setToken('');
      setSession(session);
    },
  });
  const input = useRef<HTMLInputElement>(null);
  useEffect(forget, [forget]);
  // The page has this one purpose.
  useEffect(() => input.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== '') signIn.mutate(token.trim());
  };
  return (
    <div className={classes.centre}>
      <form className={classes.card} onSubmit={submit}>
        <Stack gap="md">
          <Title order={1}>{t('signIn.title')}</Title>
          <Text c="dimmed">{t('signIn.lead')}</Text>
          <PasswordInput
            label={t('signIn.token')}
            value={token}
            autoComplete="current-password"
            ref={input}
            error={signIn.error && <Refusal error={signIn.error} />}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <Button type="submit" loading={signIn.isPending} disabled={token.trim() === ''}>
            {t('signIn.submit')}
          </Button>
        </Stack>
      </form>
    </div>
  );
}

function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation();
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 401) return t('signIn.refused');
  if (status === 403) return t('signIn.forbidden');
  return status === 0 ? t('state.unreachable') : error.message;
}
