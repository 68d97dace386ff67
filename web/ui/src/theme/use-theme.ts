import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ServiceColour, Theme } from '../lib/colour';
import type { Style } from '../trace/paint';

export const useTheme = (): Theme => useComputedColorScheme('light', { getInitialValueInEffect: false });

/** keepTransitions: Mantine would inject a style element to silence them, which the page's policy forbids. */
export const useThemeSwitch = () => useMantineColorScheme({ keepTransitions: true });

/** What the canvases need, read from the same custom properties that style the rest. */
export function useCanvasStyle(colours: Map<string, ServiceColour>): Style {
  const theme = useTheme();
  const { i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(() => {
    // The attribute may be one effect behind the state that this renders for.
    document.documentElement.setAttribute('data-mantine-color-scheme', theme);
    const css = getComputedStyle(document.documentElement);
    const read = (name: string) => css.getPropertyValue(name).trim();
    return {
      theme,
      language,
      colours,
      text: read('--mantine-color-text'),
      dimmed: read('--mantine-color-dimmed'),
      line: read('--weft-line-faint'),
      surface: read('--weft-surface'),
      error: read('--weft-error'),
      accent: read('--weft-accent'),
      cold: read('--weft-cold'),
      font: `11px ${read('--mantine-font-family')}`,
    };
  }, [theme, language, colours]);
}
