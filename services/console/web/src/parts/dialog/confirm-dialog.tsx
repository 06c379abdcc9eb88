import { type ReactNode, useState } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import styles from './dialog.module.css';
import { Dialog } from './dialog.tsx';

type Props = Readonly<{
  isOpen: boolean;
  title: string;
  /** The text of the button: the act itself, not "OK". */
  action: string;
  /** The text of the button that closes the dialog. */
  cancel?: string;
  isDangerous?: boolean;
  /** Resolves when it is done: the dialog then closes. A rejection is shown in the dialog, which stays. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}>;

/** Asks before something is done, does it, and shows why it failed. */
export function ConfirmDialog({
  isOpen,
  title,
  action,
  cancel = texts.cancel,
  isDangerous = false,
  onConfirm,
  onClose,
  children,
}: Props) {
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<string>();
  const close = () => {
    setError(undefined);
    onClose();
  };
  const confirm = async () => {
    setWorking(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (failed) {
      setError(problemOf(failed)?.message ?? String(failed));
    } finally {
      setWorking(false);
    }
  };
  return (
    <Dialog isOpen={isOpen} title={title} onClose={close}>
      {children}
      {error !== undefined && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={close}>{cancel}</Button>
        <Button kind={isDangerous ? 'danger' : 'primary'} disabled={isWorking} onClick={() => void confirm()}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
