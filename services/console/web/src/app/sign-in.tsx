import { type FormEvent, useState } from 'react';
import { problemOf } from '../api/api-problem.ts';
import { Field } from '../parts/form/field.tsx';
import { Button } from '../parts/page/button.tsx';
import { texts } from '../texts/index.ts';
import { Brand } from './brand.tsx';
import type { Entry } from './entry.ts';
import { type Session, signIn } from './session.ts';
import styles from './sign-in.module.css';

type Props = Readonly<{ entry: Entry; message: string | undefined; onSignedIn: (session: Session) => void }>;

/** The form that exchanges a key, or the portal's token, for a session. */
export function SignIn({ entry, message, onSignedIn }: Props) {
  const t = texts.signIn;
  const [secret, setSecret] = useState('');
  const [error, setError] = useState<string>();
  const [isWorking, setWorking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (secret.trim() === '') return setError(entry === 'operator' ? t.missing : t.portalMissing);
    setWorking(true);
    setError(undefined);
    try {
      onSignedIn(
        await signIn(entry, entry === 'operator' ? { key: secret.trim() } : { token: secret.trim() }),
      );
    } catch (refused) {
      setError(problemOf(refused)?.message ?? String(refused));
    } finally {
      setWorking(false);
    }
  };
  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={(event) => void submit(event)} noValidate>
        <Brand />
        <h1>{entry === 'operator' ? t.title : t.portalTitle}</h1>
        {message !== undefined && error === undefined && (
          <p className={styles.message} role="status">
            {message}
          </p>
        )}
        <Field
          label={entry === 'operator' ? t.key : t.token}
          hint={entry === 'operator' ? t.keyHint : t.tokenHint}
          error={error}
        >
          {(props) => (
            <input
              {...props}
              type="password"
              name="secret"
              autoComplete="off"
              spellCheck={false}
              value={secret}
              onChange={(event) => setSecret(event.target.value)}
            />
          )}
        </Field>
        <Button kind="primary" type="submit" disabled={isWorking}>
          {isWorking ? t.working : t.submit}
        </Button>
        <p className={styles.privacy}>{entry === 'operator' ? t.privacy : t.portalPrivacy}</p>
      </form>
    </main>
  );
}
