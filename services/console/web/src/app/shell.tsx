import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { texts } from '../texts/index.ts';
import { AccountMenu } from './account-menu.tsx';
import { Brand } from './brand.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import type { Screen } from './define-screen.ts';
import { Navigation } from './navigation.tsx';
import { useSession } from './session-context.ts';
import styles from './shell.module.css';

/** The frame of every page: skip link, navigation, whose data is shown, and the page itself. */
export function Shell({ screens }: Readonly<{ screens: readonly Screen[] }>) {
  const [isOpen, setOpen] = useState(false);
  const { entry, session } = useSession();
  const { identity } = session;
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useFocusedMain(path);
  // A new page closes the navigation that led to it.
  useEffect(() => setOpen(false), [path]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {texts.skipToContent}
      </a>
      <header className={styles.bar}>
        <button
          type="button"
          className={styles.menu}
          aria-expanded={isOpen}
          aria-controls="navigation"
          aria-label={isOpen ? texts.closeNavigation : texts.openNavigation}
          onClick={() => setOpen(!isOpen)}
        >
          <span aria-hidden="true" />
        </button>
        <Brand isShort={entry === 'operator'} />
        <span className={styles.whose} data-entry={entry}>
          <span className="hidden-text">
            {identity.consumer_id === null ? texts.workspace : texts.consumer}:{' '}
          </span>
          <bdi>{identity.consumer_id ?? identity.workspace_id}</bdi>
        </span>
        <AccountMenu />
      </header>
      <nav id="navigation" className={styles.nav} data-open={isOpen} aria-label={texts.navigation}>
        <Navigation screens={screens} />
      </nav>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <ConnectionBar />
        <Outlet />
      </main>
    </div>
  );
}

/** Moves the focus to a new page, so that a screen reader reads it and the keyboard continues there. */
function useFocusedMain(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
