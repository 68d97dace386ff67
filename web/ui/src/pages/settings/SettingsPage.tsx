import { SegmentedControl, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ShortcutSwitch } from '../../components/KeyboardHelp';
import { LANGUAGES, type Language, setLanguage } from '../../i18n';
import { useThemeSwitch } from '../../theme/use-theme';

/** What this browser keeps for itself; nothing of it is part of a link. */
export function SettingsPage() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useThemeSwitch();
  return (
    <Stack p="xl" gap="lg" maw={560}>
      <Title order={1}>{t('shell.settings')}</Title>
      <Choice label={t('shell.language')}>
        <SegmentedControl
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          value={i18n.language}
          onChange={(language) => setLanguage(language as Language)}
        />
      </Choice>
      <Choice label={t('shell.theme')}>
        <SegmentedControl
          data={[
            { value: 'light', label: t('shell.themeLight') },
            { value: 'dark', label: t('shell.themeDark') },
            { value: 'auto', label: t('shell.themeSystem') },
          ]}
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
        />
      </Choice>
      <ShortcutSwitch />
    </Stack>
  );
}

function Choice({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={4} align="start" role="group" aria-label={label}>
      <Text fw={550}>{label}</Text>
      {children}
    </Stack>
  );
}
