import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans", sans-serif';
const MONO =
  'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';

// The accent: a teal that no service colour comes near.
const weft: MantineColorsTuple = [
  '#e8f5f4',
  '#d3e9e8',
  '#a6d3d1',
  '#74bdba',
  '#4ca9a6',
  '#2e9a97',
  '#12807f',
  '#0b6b70',
  '#09575b',
  '#064347',
];

// 7 is the page in the dark theme, the surface the service palette was chosen against.
const dark: MantineColorsTuple = [
  '#dce0e6',
  '#bcc2cc',
  '#9aa3b0',
  '#7d8796',
  '#3a424d',
  '#2a3038',
  '#1d2229',
  '#14171c',
  '#0f1216',
  '#0b0d10',
];

const gray: MantineColorsTuple = [
  '#f7f8f9',
  '#f0f2f4',
  '#e4e7eb',
  '#d5d9df',
  '#c2c8d0',
  '#9ba4b0',
  '#6b7582',
  '#4b5563',
  '#343c47',
  '#1f252d',
];

export const theme = createTheme({
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.8125rem', lg: '0.9375rem', xl: '1.125rem' },
  headings: {
    fontFamily: SANS,
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.35' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.55', xl: '1.6' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.25rem', xl: '2rem' },
  colors: { weft, dark, gray },
  primaryColor: 'weft',
  primaryShade: { light: 7, dark: 6 },
  black: '#1b2027',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** What Mantine derives from the theme, and where its own choice falls short of 4.5:1 contrast. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#56606d',
    '--mantine-color-placeholder': '#667080',
    '--mantine-color-error': '#c8102e',
    '--mantine-color-anchor': '#0b6b70',
  },
  dark: {
    '--mantine-color-dimmed': '#9aa3b0',
    '--mantine-color-placeholder': '#8892a0',
    '--mantine-color-error': '#ff6b70',
    '--mantine-color-anchor': '#4fb8b4',
    '--mantine-color-text': '#dce0e6',
  },
});
