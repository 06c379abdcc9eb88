import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Entry } from '../domain/session.ts';
import type { Sessions } from '../sessions.ts';
import { removeHeader, replaceHeader } from './raw-headers.ts';
import { withoutSessions } from './session-cookie.ts';

/**
 * Replaces the session of a browser by the Authorization header that the API knows, and removes the session's cookies
 * from what is forwarded. A request with an Authorization header of its own stays as it is.
 */
export function useSession(sessions: Sessions, request: IncomingMessage, response: ServerResponse): void {
  const { headers } = request;
  if (headers.cookie === undefined) return;
  if (headers.authorization === undefined) {
    const entry: Entry = headers['x-tidings-entry'] === 'portal' ? 'portal' : 'operator';
    const session = sessions.find(request, entry);
    if (session !== null) {
      sessions.use(request, response, session);
      replaceHeader(request, 'Authorization', `Bearer ${session.credential}`);
    }
  }
  const rest = withoutSessions(headers.cookie);
  if (rest === undefined) removeHeader(request, 'cookie');
  else replaceHeader(request, 'Cookie', rest);
}
