import { Title } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ErrorState } from './ErrorState';

/** What a page that threw shows instead of nothing. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <section>
      <Title order={1} p="md" pb={0}>
        {t('state.crashed')}
      </Title>
      <ErrorState error={error} retry={reset} />
    </section>
  );
}
