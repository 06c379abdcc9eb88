import { createContext, useContext } from 'react';
import type { Entry } from './entry.ts';
import type { Session } from './session.ts';

/** The session of the page, and how to leave it. */
export type SessionValue = Readonly<{
  entry: Entry;
  session: Session;
  leave: (everywhere: boolean) => Promise<void>;
}>;

export const SessionContext = createContext<SessionValue | null>(null);

/** Returns the session. Every screen has one. */
export function useSession(): SessionValue {
  const value = useContext(SessionContext);
  if (value === null) throw new Error('There is no session outside the shell.');
  return value;
}

/** Returns true if the key has this scope, or `admin`, which has all but `platform`. */
export function useMay(scope: string): boolean {
  const scopes: readonly string[] = useSession().session.identity.scopes;
  return scopes.includes(scope) || (scope !== 'platform' && scopes.includes('admin'));
}
