import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCommand } from '@tabler/icons-react';
import { Link, Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/queries';
import { SignInPage } from '../pages/system/SignInPage';
import { Account } from './Account';
import { CommandPalette, openPalette } from './CommandPalette';
import { Footer } from './Footer';
import { JumpBox } from './JumpBox';
import { LanguageSwitch } from './LanguageSwitch';
import { Logo } from './Logo';
import classes from './Shell.module.css';
import { ThemeSwitch } from './ThemeSwitch';

/** The frame of every page. Until someone is signed in, where that is needed, the sign-in page stands inside it. */
export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const locked = session.data?.authRequired === true && !session.data.signedIn;
  // Asking for data before it is known who asks would only collect refusals.
  const open = !locked && !session.isPending;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {t('shell.skip')}
      </a>
      <header className={classes.header}>
        <Link to="/traces" className={classes.brand}>
          <Logo />
          Weft
        </Link>
        {open && (
          <nav className={classes.nav}>
            <Link to="/traces" className={classes.link} activeOptions={{ includeSearch: false }}>
              {t('shell.traces')}
            </Link>
          </nav>
        )}
        <div className={classes.spring} />
        {open && (
          <>
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
        {open && <Outlet />}
      </main>
      {open && (
        <>
          <Footer />
          <CommandPalette />
        </>
      )}
    </div>
  );
}
