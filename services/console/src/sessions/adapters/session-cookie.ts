import type { IncomingMessage } from 'node:http';
import { type KeyRing, seal, unseal } from '@tidings/runtime';
import { type Entry, hasEnded, type Session, type SessionLimits } from '../domain/session.ts';

/** The keys that seal cookies, and the life of sessions. */
export type CookieParts = Readonly<{ ring: KeyRing; limits: SessionLimits }>;

const sealedFor = (entry: Entry) => ['console-session', entry];

/** Returns true for a request that reached the origin by https, as the connection or a trusted proxy says. */
function isSecure(request: IncomingMessage): boolean {
  // Express decides by `trust proxy`.
  return 'secure' in request && request.secure === true;
}

/**
 * Returns the name of the cookie. `__Host-` makes the browser insist on Secure, Path=/ and no Domain. Ports do not
 * separate cookies, so that without https the port is in the name: two stacks on one machine do not sign each other out.
 */
function cookieName(entry: Entry, request: IncomingMessage): string {
  if (isSecure(request)) return `__Host-tidings-${entry}`;
  const port = /:(\d+)$/.exec(request.headers.host ?? '')?.[1] ?? '80';
  return `tidings-${entry}-${port}`;
}

/** Returns the cookie of a session: the whole session, sealed, so that any instance of the console can open it. */
export function cookieOf({ ring, limits }: CookieParts, session: Session, request: IncomingMessage): string {
  const value = seal(ring, JSON.stringify(session), sealedFor(session.entry));
  const seconds = Math.floor(limits.idleMs / 1_000);
  return `${cookieName(session.entry, request)}=${value}; Max-Age=${seconds}; ${attributes(request)}`;
}

/** Returns the cookie that removes the session from the browser. */
export const clearedCookie = (entry: Entry, request: IncomingMessage): string =>
  `${cookieName(entry, request)}=; Max-Age=0; ${attributes(request)}`;

const attributes = (request: IncomingMessage): string =>
  `Path=/; HttpOnly; SameSite=Strict${isSecure(request) ? '; Secure' : ''}`;

/** Returns the session of a request; null without a cookie, and for one that is foreign, changed or has ended. */
export function sessionOf(
  { ring, limits }: CookieParts,
  request: IncomingMessage,
  { entry, nowMs }: Readonly<{ entry: Entry; nowMs: number }>,
): Session | null {
  const value = cookieValue(request, cookieName(entry, request));
  if (value === undefined) return null;
  const session = opened(ring, value, entry);
  return session === null || hasEnded(session, limits, nowMs) ? null : session;
}

function opened(ring: KeyRing, value: string, entry: Entry): Session | null {
  try {
    // Sealed by this service, so that its form is known.
    return JSON.parse(unseal(ring, value, sealedFor(entry))) as Session;
  } catch {
    // A cookie of an older key ring, or not of this service: the browser is not signed in.
    return null;
  }
}

function cookieValue({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Returns a Cookie header without the sessions of the console; undefined if nothing is left. */
export function withoutSessions(cookie: string): string | undefined {
  const others = cookie.split(';').filter((pair) => !/^\s*(__Host-)?tidings-(operator|portal)/.test(pair));
  return others.length === 0 ? undefined : others.join(';').trim();
}
