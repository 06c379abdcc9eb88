import type { IncomingMessage, ServerResponse } from 'node:http';
import { sessionHeader } from '@tidings/http';
import { type Entry, type Session, sessionMark } from '../domain/session.ts';
import type { Sessions } from '../sessions.ts';
import { removeHeader, replaceHeader } from './raw-headers.ts';
import { withoutSessions } from './session-cookie.ts';

/**
 * Replaces the session of a browser by the Authorization header that the API knows, and removes the session's cookies
 * from what is forwarded, with the name of the session, which may have been signed out at another instance. A request
 * with an Authorization header of its own stays as it is. Returns the session.
 */
export function useSession(
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Session | null {
  const { headers } = request;
  // Only this console knows which session a request is of.
  removeHeader(request, sessionHeader);
  if (headers.cookie === undefined) return null;
  let used: Session | null = null;
  if (headers.authorization === undefined) {
    const entry: Entry = headers['x-tidings-entry'] === 'portal' ? 'portal' : 'operator';
    const session = sessions.find(request, entry);
    if (session !== null) {
      used = sessions.use(request, response, session);
      replaceHeader(request, 'Authorization', `Bearer ${session.credential}`);
      replaceHeader(request, sessionHeader, sessionMark(session));
    }
  }
  const rest = withoutSessions(headers.cookie);
  if (rest === undefined) removeHeader(request, 'cookie');
  else replaceHeader(request, 'Cookie', rest);
  return used;
}
