import { useState } from 'react';
import { problemOf } from '../api/api-problem.ts';
import { ConfirmDialog } from '../parts/dialog/confirm-dialog.tsx';
import { Button } from '../parts/page/button.tsx';
import { Menu } from '../parts/page/menu.tsx';
import { useToast } from '../parts/page/toast.tsx';
import { texts } from '../texts/index.ts';
import styles from './account-menu.module.css';
import { useSession } from './session-context.ts';
import { type Theme, useTheme } from './theme.ts';

const themes = ['system', 'light', 'dark'] as const satisfies readonly Theme[];

/** The menu of whoever is signed in: what the key is, the appearance, and how to leave. */
export function AccountMenu() {
  const { entry, session, leave } = useSession();
  const toast = useToast();
  const signOut = (everywhere: boolean) =>
    void leave(everywhere).catch((error: unknown) =>
      toast(problemOf(error)?.message ?? String(error), 'bad'),
    );
  const { key_id, workspace_id, scopes } = session.identity;
  const [theme, setTheme] = useTheme();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Menu label={texts.account}>
        <dl className={styles.facts}>
          <dt>{texts.workspace}</dt>
          <dd>{workspace_id}</dd>
          <dt>{texts.account}</dt>
          <dd>{key_id}</dd>
          <dt className="hidden-text">{texts.scopes}</dt>
          <dd className={styles.scopes}>{scopes.join(', ')}</dd>
        </dl>
        <fieldset className={styles.themes}>
          <legend>{texts.theme.label}</legend>
          {themes.map((one) => (
            <label key={one}>
              <input type="radio" name="theme" checked={theme === one} onChange={() => setTheme(one)} />
              {texts.theme[one]}
            </label>
          ))}
        </fieldset>
        <div className={styles.actions}>
          <Button onClick={() => signOut(false)}>{texts.signOut}</Button>
          <Button kind="quiet" onClick={() => setAsking(true)}>
            {texts.signOutEverywhere}
          </Button>
        </div>
      </Menu>
      <ConfirmDialog
        isOpen={isAsking}
        title={texts.signOutEverywhere}
        action={texts.signOutEverywhere}
        onConfirm={async () => leave(true)}
        onClose={() => setAsking(false)}
      >
        <p>{entry === 'portal' ? texts.signOutEverywherePortal : texts.signOutEverywhereQuestion}</p>
      </ConfirmDialog>
    </>
  );
}
