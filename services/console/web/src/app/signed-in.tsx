import { useQueryClient } from '@tanstack/react-query';
import { type AnyRouter, RouterProvider } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { ApiProblem, problemOf } from '../api/api-problem.ts';
import { refusal } from '../api/connection.ts';
import { Loading } from '../parts/states.tsx';
import { texts } from '../texts/index.ts';
import type { Entry } from './entry.ts';
import { askForToken, isFramed, listenForTokens } from './framed-token.ts';
import { credentialFromUrl, readSession, type Session, signIn, signOut } from './session.ts';
import { SessionContext } from './session-context.ts';
import { SignIn } from './sign-in.tsx';

type State =
  | Readonly<{ kind: 'reading' }>
  | Readonly<{ kind: 'signed-in'; session: Session }>
  | Readonly<{ kind: 'signed-out'; message?: string; wasSignedIn?: boolean }>;

/** Shows the application to whoever is signed in, and a form to everybody else. */
export function SignedIn({ entry, router }: Readonly<{ entry: Entry; router: AnyRouter }>) {
  const [state, setState] = useState<State>({ kind: 'reading' });
  const isRefused = useSyncExternalStore(refusal.subscribe, refusal.get);
  const queries = useQueryClient();
  const adopt = useCallback(
    (session: Session) => {
      // What another key was shown must not appear, not even for a moment.
      queries.clear();
      setState({ kind: 'signed-in', session });
    },
    [queries],
  );
  const hasBegun = useRef(false);
  useEffect(() => {
    // React runs effects twice while it is developed; a link works once.
    if (hasBegun.current) return;
    hasBegun.current = true;
    void begin(entry).then(adopt, (error: unknown) => setState(signedOutBy(error)));
  }, [entry, adopt]);
  useEffect(
    () =>
      listenForTokens((token) => {
        void signIn(entry, { token }).then(adopt, (error: unknown) => setState(signedOutBy(error)));
      }),
    [entry, adopt],
  );
  useEffect(() => {
    if (isRefused) askForToken('token-expired');
  }, [isRefused]);
  const leave = useCallback(
    async (everywhere: boolean) => {
      await signOut(entry, everywhere);
      queries.clear();
      setState({ kind: 'signed-out' });
    },
    [entry, queries],
  );
  const value = useMemo(
    () => (state.kind === 'signed-in' ? { entry, session: state.session, leave } : null),
    [entry, state, leave],
  );
  if (state.kind === 'reading') return <Loading />;
  if (value === null || isRefused) {
    const message =
      isRefused && value !== null ? texts.signIn.ended : 'message' in state ? state.message : undefined;
    return <SignIn entry={entry} message={message} onSignedIn={adopt} />;
  }
  return (
    <SessionContext value={value}>
      <RouterProvider router={router} />
    </SessionContext>
  );
}

async function begin(entry: Entry): Promise<Session> {
  const credential = credentialFromUrl(entry);
  if (credential === null && isFramed) {
    askForToken('ready');
    // No cookie of this page reaches its server in a frame of another site: the answer is a message.
    throw new ApiProblem(401, { detail: texts.signIn.waiting });
  }
  return credential === null
    ? readSession(entry)
    : signIn(entry, credential).catch(async (error: unknown) => {
        // A link that was used already, in a browser that it has signed in.
        if (problemOf(error)?.status !== 401) throw error;
        return readSession(entry).catch(() => {
          throw error;
        });
      });
}

function signedOutBy(error: unknown): State {
  const problem = problemOf(error);
  if (problem === null) throw error;
  // Nobody has signed in yet: that is no message.
  const isExpected = problem.status === 401 && problem.message.startsWith('Nobody');
  return { kind: 'signed-out', ...(isExpected ? {} : { message: problem.message }) };
}
