import { useQueryClient } from '@tanstack/react-query';
import { type AnyRouter, RouterProvider } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { ApiProblem, problemOf } from '../api/api-problem.ts';
import { refusal } from '../api/connection.ts';
import { Loading } from '../parts/states.tsx';
import { texts } from '../texts/index.ts';
import type { Entry } from './entry.ts';
import { isFramed, listenForTokens, tellParent } from './portal/framed-token.ts';
import { PortalClosed } from './portal/portal-closed.tsx';
import { loadLook, useLook } from './portal/portal-look.ts';
import { credentialFromUrl, readSession, type Session, signIn, signInFramed, signOut } from './session.ts';
import { SessionContext } from './session-context.ts';
import { SignIn } from './sign-in.tsx';
import { useSessionEnd } from './use-session-end.ts';

type State =
  | Readonly<{ kind: 'reading' }>
  | Readonly<{ kind: 'signed-in'; session: Session }>
  | Readonly<{ kind: 'signed-out'; message?: string; wasSignedIn?: boolean }>;

/** Shows the application to whoever is signed in, and a form to everybody else. */
export function SignedIn({ entry, router }: Readonly<{ entry: Entry; router: AnyRouter }>) {
  const [state, setState] = useState<State>({ kind: 'reading' });
  const isRefused = useSyncExternalStore(refusal.subscribe, refusal.get);
  const queries = useQueryClient();
  const { refreshUrl } = useLook();
  const shownTo = useRef<string | null>(null);
  const adopt = useCallback(
    (session: Session) => {
      // What another key was shown must not appear, not even for a moment. A new token of the same consumer is not another.
      const { workspace_id, consumer_id, scopes } = session.identity;
      const whose = JSON.stringify([workspace_id, consumer_id, scopes]);
      if (entry !== 'portal' || shownTo.current !== whose) queries.clear();
      shownTo.current = whose;
      setState({ kind: 'signed-in', session });
    },
    [entry, queries],
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
      listenForTokens((given) => {
        void signInFramed(given).then(adopt, (error: unknown) => setState(signedOutBy(error)));
      }),
    [adopt],
  );
  useEffect(() => {
    if (isRefused) tellParent('token-expired');
  }, [isRefused]);
  useSessionEnd(state.kind === 'signed-in' ? state.session : null);
  const leave = useCallback(
    async (everywhere: boolean) => {
      const message = await signOut(entry, everywhere).then(
        () => (entry === 'portal' ? texts.portalClosed.left : undefined),
        (error: unknown) => {
          // Out in this browser, which is said with what could not be done. Otherwise still in.
          if (problemOf(error)?.status !== 503 || isFramed) throw error;
          return problemOf(error)?.message;
        },
      );
      queries.clear();
      shownTo.current = null;
      tellParent('signed-out');
      setState({ kind: 'signed-out', ...(message === undefined ? {} : { message }) });
    },
    [entry, queries],
  );
  const value = useMemo(
    () => (state.kind === 'signed-in' ? { entry, session: state.session, leave } : null),
    [entry, state, leave],
  );
  if (state.kind === 'reading') return <Loading />;
  if (value === null || isRefused) {
    const ended = entry === 'portal' ? texts.portalClosed.ended : texts.signIn.ended;
    const message = isRefused && value !== null ? ended : 'message' in state ? state.message : undefined;
    if (entry === 'portal' && (isFramed || refreshUrl !== null)) {
      return <PortalClosed message={message} refreshUrl={refreshUrl} />;
    }
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
    tellParent('ready');
    // No cookie of this page reaches its server in a frame of another site: the answer is a message.
    throw new ApiProblem(401, { detail: texts.signIn.waiting });
  }
  const session = await (credential === null
    ? readSession(entry)
    : signIn(entry, credential).catch(async (error: unknown) => {
        // A link that was used already, in a browser that it has signed in.
        if (problemOf(error)?.status !== 401) throw error;
        return readSession(entry).catch(() => {
          throw error;
        });
      }));
  // Without its colours and name the portal is of use too.
  if (entry === 'portal') await loadLook().catch(() => {});
  return session;
}

function signedOutBy(error: unknown): State {
  const problem = problemOf(error);
  if (problem === null) throw error;
  // Nobody has signed in yet: that is no message.
  const isExpected = problem.status === 401 && problem.message.startsWith('Nobody');
  return { kind: 'signed-out', ...(isExpected ? {} : { message: problem.message }) };
}
