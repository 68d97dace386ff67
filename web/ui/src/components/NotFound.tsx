import { Button, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Stack align="center" gap="xs" p="xl">
      <Title order={1}>{t('shell.notFound')}</Title>
      <Text c="dimmed">{t('shell.notFoundHint')}</Text>
      <Button component={Link} to="/traces" mt="sm">
        {t('shell.toTraces')}
      </Button>
    </Stack>
  );
}
