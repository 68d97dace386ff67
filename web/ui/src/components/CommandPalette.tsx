import { Kbd } from '@mantine/core';
import { createSpotlight, Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import {
  IconAlertTriangle,
  IconArrowRight,
  IconArrowsDiff,
  IconClock,
  IconFileImport,
  IconLanguage,
  IconMoon,
  IconSearch,
  IconSun,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../api/queries';
import { setLanguage } from '../i18n';
import { readTraceId } from '../lib/trace-view';
import { useTheme, useThemeSwitch } from '../theme/use-theme';
import { PAGES, useGo } from './Navigation';

const [store, actions] = createSpotlight();

export const openPalette = () => actions.open();

const ICON = { size: 16 } as const;

/** mod+K: pages, services, a trace by id, and the switches. */
export function CommandPalette() {
  const { t, i18n } = useTranslation();
  const [query, setQuery] = useState('');
  const navigate = useNavigate();
  const go = useGo();
  const services = useServices();
  const theme = useTheme();
  const { setColorScheme } = useThemeSwitch();
  const traceId = query.trim().length >= 8 ? readTraceId(query) : undefined;
  const list: SpotlightActionData[] = [
    ...(traceId === undefined
      ? []
      : [
          {
            id: 'open',
            label: t('palette.openTrace', { id: traceId }),
            // Found by whatever was typed.
            keywords: [query],
            leftSection: <IconArrowRight {...ICON} />,
            onClick: () => void navigate({ to: '/trace/$traceId', params: { traceId } }),
          },
        ]),
    ...PAGES.map(({ to, label, press }) => ({
      id: `page ${to}`,
      label: t('palette.go', { page: t(label) }),
      leftSection: <IconArrowRight {...ICON} />,
      rightSection: <Kbd size="xs">{press}</Kbd>,
      onClick: () => go(to),
    })),
    {
      id: 'errors',
      label: t('palette.errors'),
      leftSection: <IconAlertTriangle {...ICON} />,
      onClick: () => void navigate({ to: '/traces', search: { errors: true } }),
    },
    {
      id: 'slow',
      label: t('palette.slow'),
      leftSection: <IconClock {...ICON} />,
      onClick: () => void navigate({ to: '/traces', search: { minTraceDuration: '1s' } }),
    },
    {
      id: 'file',
      label: t('file.title'),
      leftSection: <IconFileImport {...ICON} />,
      onClick: () => void navigate({ to: '/file' }),
    },
    {
      id: 'compare',
      label: t('compare.title'),
      leftSection: <IconArrowsDiff {...ICON} />,
      onClick: () => void navigate({ to: '/compare' }),
    },
    {
      id: 'theme',
      label: theme === 'dark' ? t('palette.toLight') : t('palette.toDark'),
      leftSection: theme === 'dark' ? <IconSun {...ICON} /> : <IconMoon {...ICON} />,
      onClick: () => setColorScheme(theme === 'dark' ? 'light' : 'dark'),
    },
    {
      id: 'language',
      label: i18n.language === 'en' ? t('palette.toChinese') : t('palette.toEnglish'),
      leftSection: <IconLanguage {...ICON} />,
      onClick: () => setLanguage(i18n.language === 'en' ? 'zh-CN' : 'en'),
    },
    ...(services.data ?? []).map((service) => ({
      id: `service ${service}`,
      label: t('palette.tracesOf', { service }),
      leftSection: <IconSearch {...ICON} />,
      onClick: () => void navigate({ to: '/traces', search: { service } }),
    })),
  ];
  return (
    <Spotlight
      store={store}
      actions={list}
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      limit={12}
      nothingFound={t('palette.nothing')}
      searchProps={{
        placeholder: t('palette.placeholder'),
        'aria-label': t('palette.label'),
        leftSection: <IconSearch {...ICON} />,
      }}
      // Locking the page's scroll would inject a style element, and the page itself never scrolls.
      lockScroll={false}
    />
  );
}
