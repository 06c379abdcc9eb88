import { useQueryClient } from '@tanstack/react-query';
import { type AnyRouter, RouterProvider } from '@tanstack/react-router';
import { Activity, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { problemOf } from '../api/api-problem.ts';
import { refusal, reportSignedOut } from '../api/connection.ts';
import { Loading } from '../parts/page/states.tsx';
import { useToast } from '../parts/page/toast.tsx';
import { texts } from '../texts/index.ts';
import { whoseOf } from './arrival.ts';
import type { Entry } from './entry.ts';
import { AskBeforeLink } from './link-question.tsx';
import type { LinkQuestion, Opened } from './open-link.ts';
import { isFramed, tellParent } from './portal/framed-token.ts';
import { PortalClosed } from './portal/portal-closed.tsx';
import { useLook } from './portal/portal-look.ts';
import { type Session, signOut } from './session.ts';
import { SessionContext } from './session-context.ts';
import { SignIn } from './sign-in.tsx';
import { Turns } from './turns.ts';
import { useCredentials } from './use-credentials.ts';
import { useSessionEnd } from './use-session-end.ts';

/** The session stays while it is refused, so that what was typed is there again afterwards. */
type State = Readonly<{ isReading: boolean; session: Session | null; message?: string | undefined }>;

/** Shows the application to whoever is signed in, and a form to everybody else. */
export function SignedIn({ entry, router }: Readonly<{ entry: Entry; router: AnyRouter }>) {
  const isRefused = useSyncExternalStore(refusal.subscribe, refusal.get);
  const { refreshUrl } = useLook();
  const { state, question, adopt, leave, closeQuestion } = useSignedIn(entry);
  const { session, message } = state;
  useEffect(() => {
    if (isRefused) tellParent('token-expired');
  }, [isRefused]);
  useSessionEnd(session);
  const value = useMemo(() => (session === null ? null : { entry, session, leave }), [entry, session, leave]);
  if (state.isReading) return <Loading />;
  const ended = entry === 'portal' ? texts.portalClosed.ended : texts.signIn.ended;
  const said = message ?? (value === null ? undefined : ended);
  const isShown = value !== null && !isRefused;
  return (
    <>
      {value !== null && (
        <Activity mode={isShown ? 'visible' : 'hidden'}>
          <SessionContext value={value}>
            <RouterProvider key={whoseOf(value.session.identity)} router={router} />
          </SessionContext>
        </Activity>
      )}
      {!isShown &&
        (entry === 'portal' && (isFramed || refreshUrl !== null) ? (
          <PortalClosed message={said} refreshUrl={refreshUrl} />
        ) : (
          <SignIn entry={entry} message={said} onSignedIn={adopt} />
        ))}
      <AskBeforeLink question={question} onOpened={adopt} onClose={closeQuestion} />
    </>
  );
}

function useSignedIn(entry: Entry) {
  const [state, setState] = useState<State>({ isReading: true, session: null });
  const [question, setQuestion] = useState<LinkQuestion | null>(null);
  const [turns] = useState(() => new Turns());
  const queries = useQueryClient();
  const toast = useToast();
  const shownTo = useRef<string | null>(null);
  const adopt = useCallback(
    (session: Session) => {
      // What another key was shown must not appear, not even for a moment. A new token of the same consumer is not another.
      const whose = whoseOf(session.identity);
      if (entry !== 'portal' || shownTo.current !== whose) queries.clear();
      shownTo.current = whose;
      setState({ isReading: false, session });
    },
    [entry, queries],
  );
  const onOpened = useCallback(
    (opened: Opened) => {
      if (opened === null) return;
      adopt(opened.session);
      setQuestion(opened.question);
    },
    [adopt],
  );
  const onRefused = useCallback(
    (error: unknown) => {
      const problem = problemOf(error);
      if (problem === null) throw error;
      // Whoever is signed in stays so.
      if (shownTo.current !== null && !refusal.get()) return toast(problem.message, 'bad');
      if (problem.status === 401) reportSignedOut();
      // Nobody has signed in yet: that is no message.
      const isExpected = problem.status === 401 && problem.message.startsWith('Nobody');
      const message = isExpected ? undefined : problem.message;
      setState(({ session }) => ({ isReading: false, session, message }));
    },
    [toast],
  );
  const onWaiting = useCallback(
    () => setState({ isReading: false, session: null, message: texts.signIn.waiting }),
    [],
  );
  useCredentials(entry, { turns, onOpened, onRefused, onWaiting });
  const leave = useCallback(
    async (everywhere: boolean) => {
      const told = await signOut(entry, everywhere);
      // A credential that is being checked is of the time before.
      turns.end();
      queries.clear();
      shownTo.current = null;
      tellParent('signed-out');
      const left = entry === 'portal' ? texts.portalClosed.left : undefined;
      setState({ isReading: false, session: null, message: told?.message ?? left });
    },
    [entry, queries, turns],
  );
  const closeQuestion = useCallback(() => setQuestion(null), []);
  return { state, question, adopt, leave, closeQuestion };
}
