import { type ReactNode, useEffect, useId, useRef } from 'react';
import { texts } from '../../texts/index.ts';
import styles from './dialog.module.css';

type Props = Readonly<{
  isOpen: boolean;
  title: string;
  /** For requests and tables, which need room. */
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}>;

/** A modal dialog: the browser keeps the focus in it, closes it with Escape and gives the focus back. */
export function Dialog({ isOpen, title, isWide = false, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
    // A page that is hidden while somebody signs in again must not keep the focus.
    const shown = dialog.current;
    return () => shown?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      data-wide={isWide}
      aria-labelledby={id}
      onClose={() => !dialog.current?.open && onClose()}
    >
      {isOpen && (
        <div className={styles.content}>
          <header className={styles.header}>
            <h2 id={id}>{title}</h2>
            <button type="button" onClick={onClose} aria-label={texts.close}>
              ×
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
