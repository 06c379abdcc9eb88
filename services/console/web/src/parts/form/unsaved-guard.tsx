import { useBlocker } from '@tanstack/react-router';
import { texts } from '../../texts/index.ts';
import dialogStyles from '../dialog/dialog.module.css';
import { Dialog } from '../dialog/dialog.tsx';
import { Button } from '../page/button.tsx';

/** Asks before a page with unsaved changes is left; the browser asks when the window is closed. */
export function UnsavedGuard({ hasChanges }: Readonly<{ hasChanges: () => boolean }>) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && hasChanges(),
    enableBeforeUnload: hasChanges,
    withResolver: true,
  });
  const stay = () => blocker.reset?.();
  return (
    <Dialog isOpen={blocker.status === 'blocked'} title={texts.form.leaveTitle} onClose={stay}>
      <p>{texts.form.leaveHint}</p>
      <div className={dialogStyles.actions}>
        <Button onClick={stay}>{texts.form.stay}</Button>
        <Button kind="danger" onClick={() => blocker.proceed?.()}>
          {texts.form.leave}
        </Button>
      </div>
    </Dialog>
  );
}
