import { ActionIcon, Menu } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useTheme, useThemeSwitch } from '../theme/use-theme';

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useThemeSwitch();
  const theme = useTheme();
  const choices = [
    { value: 'light', label: t('shell.themeLight'), icon: <IconSun size={15} /> },
    { value: 'dark', label: t('shell.themeDark'), icon: <IconMoon size={15} /> },
    { value: 'auto', label: t('shell.themeSystem'), icon: <IconDeviceDesktop size={15} /> },
  ] as const;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('shell.theme')} title={t('shell.theme')}>
          {theme === 'dark' ? <IconMoon size={17} /> : <IconSun size={17} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            leftSection={icon}
            rightSection={colorScheme === value && <IconCheck size={14} />}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
