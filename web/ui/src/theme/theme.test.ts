import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core';
import { expect, it } from 'vitest';
import { resolveVariables, theme } from './theme';

type Variables = ReturnType<typeof defaultCssVariablesResolver>;

const HEAD =
  '/* Generated from theme.ts by `npm test -- -u`: under a strict content security policy nothing may be injected. */\n';

// Mantine would put these into a <style> element at run time, which the page's policy forbids.
it('mantine.css holds what the theme changes', async () => {
  const base: Record<keyof Variables, Record<string, string>> = defaultCssVariablesResolver(DEFAULT_THEME);
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const ours = defaultCssVariablesResolver(merged);
  const extra = resolveVariables(merged);
  const changed = (part: keyof Variables) => ({
    ...Object.fromEntries(Object.entries(ours[part]).filter(([name, value]) => base[part][name] !== value)),
    ...extra[part],
  });
  const css = convertCssVariables(
    { variables: changed('variables'), light: changed('light'), dark: changed('dark') },
    ':root',
  );
  const lines = css
    .replaceAll('{', ' {\n')
    .replaceAll('}', '}\n')
    .replaceAll(';', ';\n')
    .replaceAll('--', '  --');
  const tidy = lines
    .replaceAll('var(  --', 'var(--')
    .replace(/\n\s*\n+/g, '\n')
    .trim();
  await expect(`${HEAD}${tidy}\n`).toMatchFileSnapshot('./mantine.css');
});
