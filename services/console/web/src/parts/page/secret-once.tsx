import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../../texts/index.ts';
import { CopyButton } from '../values/copy-button.tsx';
import { Button } from './button.tsx';
import styles from './secret-once.module.css';

type Props = Readonly<{
  title: string;
  /** Names the secret, for a screen reader and the copy button. */
  name: string;
  secret: string;
  hint?: ReactNode;
  onDone: () => void;
  /** Its use: code that verifies with it, or a command. */
  children?: ReactNode;
}>;

/** A secret that is shown this once. It stays until somebody says that it is stored; it is in no cache and no storage. */
export function SecretOnce({ title, name, secret, hint, onDone, children }: Props) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus();
  }, []);
  return (
    <section ref={place} className={styles.place} aria-label={title} tabIndex={-1}>
      <h2>{title}</h2>
      <p>{hint ?? texts.secret.once}</p>
      <div className={styles.secret}>
        <code aria-label={name} role="group">
          {secret}
        </code>
        <CopyButton text={secret} name={name} />
      </div>
      {children}
      <div>
        <Button kind="primary" onClick={onDone}>
          {texts.secret.done}
        </Button>
      </div>
    </section>
  );
}
