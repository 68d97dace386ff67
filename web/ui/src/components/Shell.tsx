import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCommand } from '@tabler/icons-react';
import { Link, Outlet, useMatches } from '@tanstack/react-router';
import { lazy, type MouseEvent, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession, useStats } from '../api/queries';
import { SignInPage } from '../pages/system/SignInPage';
import { Account } from './Account';
import { CommandPalette, openPalette } from './CommandPalette';
import { Footer } from './Footer';
import { JumpBox } from './JumpBox';
import { KeyboardHelp } from './KeyboardHelp';
import { LanguageSwitch } from './LanguageSwitch';
import { Logo } from './Logo';
import { keepTime, Navigation } from './Navigation';
import classes from './Shell.module.css';
import { ThemeSwitch } from './ThemeSwitch';
import { TimeControls } from './TimeControls';
import { useKeptFocus } from './use-kept-focus';

/** By hand: with a base in the document a bare fragment is the address of another page. */
function skip(event: MouseEvent) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** The frame of every page. Until someone is signed in, where that is needed, the sign-in page stands inside it. */
export function Shell() {
  const { t } = useTranslation();
  useKeptFocus();
  const session = useSession();
  const locked = session.data?.authRequired === true && !session.data.signedIn;
  // Asking for data before it is known who asks would only collect refusals.
  const open = !locked && !session.isPending;
  const ranged = useMatches({
    select: (matches) => matches.some((match) => match.staticData.ranged === true),
  });
  return (
    <div className={classes.shell}>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place on the page as links do, see skip */}
      <a className={classes.skip} href="#main" onClick={skip}>
        {t('shell.skip')}
      </a>
      <header className={classes.header}>
        <Link to="/" search={keepTime} className={classes.brand}>
          <Logo />
          Weft
        </Link>
        {open && <Navigation />}
        <div className={classes.spring} />
        {open && (
          <>
            {ranged && <TimeControls />}
            <JumpBox />
            <Tooltip label={t('shell.palette')}>
              <ActionIcon variant="subtle" color="gray" aria-label={t('shell.palette')} onClick={openPalette}>
                <IconCommand size={17} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
        <LanguageSwitch />
        <ThemeSwitch />
        {session.data && <Account session={session.data} />}
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        {locked && <SignInPage />}
        {open && (ranged ? <WithData /> : <Outlet />)}
      </main>
      {open && (
        <>
          <Footer />
          <CommandPalette />
          <KeyboardHelp />
        </>
      )}
    </div>
  );
}

const FirstRun = lazy(async () => ({ default: (await import('../pages/system/FirstRun')).FirstRun }));

/** The page, or how to send the first span while nothing is stored. */
function WithData() {
  const stats = useStats();
  const traces = stats.data?.signals.find((signal) => signal.signal === 'traces');
  if (traces?.rows !== 0) return <Outlet />;
  return (
    <Suspense>
      <FirstRun />
    </Suspense>
  );
}
