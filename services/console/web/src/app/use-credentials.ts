import { useEffect, useRef } from 'react';
import type { Entry } from './entry.ts';
import { type LinkCredential, type Opened, openLink, withLook } from './open-link.ts';
import { isFramed, listenForTokens, tellParent } from './portal/framed-token.ts';
import { checkHandedOver, credentialFromUrl, holdToken, readSession } from './session.ts';
import type { Turns } from './turns.ts';

/** Called with what a credential has led to. Each keeps its identity from one rendering to the next. */
export type CredentialHandlers = Readonly<{
  turns: Turns;
  onOpened: (opened: Opened) => void;
  /** Called if a credential was refused, or nobody is signed in. */
  onRefused: (error: unknown) => void;
  /** Called in a frame, where the page waits for a token. */
  onWaiting: () => void;
}>;

/** Signs in by the session of the browser, by links, also one that is pasted into an open page, and by handed over tokens. */
export function useCredentials(entry: Entry, handlers: CredentialHandlers): void {
  const { turns, onOpened, onRefused, onWaiting } = handlers;
  const hasBegun = useRef(false);
  useEffect(() => {
    const use = (credential: LinkCredential) =>
      void openLink(entry, credential, turns.begin()).then(onOpened, onRefused);
    const look = () => {
      const credential = credentialFromUrl(entry);
      if (credential !== null) use(credential);
      return credential;
    };
    // React runs effects twice while it is developed; a link works once.
    if (!hasBegun.current && look() === null) {
      if (isFramed) {
        // No cookie of this page reaches its server in a frame of another site: the answer is a message.
        tellParent('ready');
        onWaiting();
      } else {
        const take = turns.begin();
        const reading = readSession(entry).then(async (found) => withLook(entry, found));
        void reading.then((session) => onOpened(take() ? { session, question: null } : null), onRefused);
      }
    }
    hasBegun.current = true;
    // Before the router reads the address. `popstate` comes first, `hashchange` in every case.
    for (const name of ['popstate', 'hashchange']) addEventListener(name, look, { capture: true });
    return () => {
      for (const name of ['popstate', 'hashchange']) removeEventListener(name, look, { capture: true });
    };
  }, [entry, turns, onOpened, onRefused, onWaiting]);
  useEffect(
    () =>
      listenForTokens((given) => {
        const take = turns.begin();
        void checkHandedOver(given)
          .then((checked) => {
            if (take()) onOpened({ session: holdToken(checked), question: null });
          })
          .catch(onRefused);
      }),
    [turns, onOpened, onRefused],
  );
}
