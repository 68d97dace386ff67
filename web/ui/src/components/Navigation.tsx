import { Link, type LinkProps, useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { setLanguage } from '../i18n';
import { keymap } from '../lib/keymap';
import { parseQuery } from '../lib/url';
import { endsOf } from '../lib/view';
import { useTheme, useThemeSwitch } from '../theme/use-theme';
import { useCopy } from './CopyButton';
import { openHelp } from './KeyboardHelp';
import { permanentLink } from './permanent-link';
import classes from './Shell.module.css';
import { useKeys } from './use-keys';

/** The pages, in the order in which a cause is looked for. */
export const PAGES = [
  { to: '/', label: 'shell.overview', name: 'goOverview', press: 'g o' },
  { to: '/map', label: 'shell.map', name: 'goMap', press: 'g m' },
  { to: '/functions', label: 'shell.functions', name: 'goFunctions', press: 'g f' },
  { to: '/traces', label: 'shell.traces', name: 'goTraces', press: 'g t' },
  { to: '/logs', label: 'shell.logs', name: 'goLogs', press: 'g l' },
  { to: '/settings', label: 'shell.settings', name: 'goSettings', press: 'g s' },
] as const;

/** Takes the time range along to another page. */
export const keepTime = ((before: Record<string, unknown>) =>
  endsOf(before as never)) as unknown as NonNullable<LinkProps['search']>;

/** Takes the time range along, and says what else holds on the other page. */
export const keepTimeAnd = (rest: Record<string, unknown>) =>
  ((before: Record<string, unknown>) => ({
    ...endsOf(before as never),
    ...rest,
  })) as unknown as NonNullable<LinkProps['search']>;

/** Goes to a page and takes the time range along. */
export function useGo() {
  const navigate = useNavigate();
  const router = useRouter();
  return (to: (typeof PAGES)[number]['to']) =>
    void navigate({ to, search: endsOf(parseQuery(router.latestLocation.searchStr)) as never });
}

/** The pages, and the keys that hold on all of them. */
export function Navigation() {
  const { t } = useTranslation();
  return (
    <nav className={classes.nav} aria-label={t('shell.nav')}>
      {PAGES.filter(({ to }) => to !== '/settings').map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          search={keepTime}
          className={classes.link}
          activeOptions={{ includeSearch: false, exact: to === '/' }}
        >
          {t(label)}
        </Link>
      ))}
      <GlobalKeys />
    </nav>
  );
}

function GlobalKeys() {
  const { i18n } = useTranslation();
  const theme = useTheme();
  const { setColorScheme } = useThemeSwitch();
  const { copy } = useCopy();
  const go = useGo();
  useEffect(() => {
    document.addEventListener('keydown', keymap.handle);
    return () => document.removeEventListener('keydown', keymap.handle);
  }, []);
  useKeys('global', [
    { name: 'palette', press: 'mod+k' },
    { name: 'search', press: '/', run: focusSearch },
    ...PAGES.map(({ to, name, press }) => ({ name, press, run: () => go(to) })),
    { name: 'copyLink', press: 'y', run: () => void copy(permanentLink(window.location.href, Date.now())) },
    { name: 'theme', press: 'shift+d', run: () => setColorScheme(theme === 'dark' ? 'light' : 'dark') },
    { name: 'language', press: 'shift+l', run: () => setLanguage(i18n.language === 'en' ? 'zh-CN' : 'en') },
    { name: 'help', press: '?', run: openHelp },
  ]);
  return null;
}

/** The page's own search field when it has one, else that of the shell. */
function focusSearch() {
  const field =
    document.querySelector<HTMLElement>('main [data-search]') ??
    document.querySelector<HTMLElement>('[data-search]');
  field?.focus();
}
