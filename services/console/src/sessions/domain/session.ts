/** The two applications of the console. A browser can have a session of each. */
export type Entry = 'operator' | 'portal';

/** A signed-in browser: the key or token it acts with, and what its script must send with each change. */
export type Session = Readonly<{
  id: string;
  entry: Entry;
  credential: string;
  /** The value of the header X-Tidings-Csrf. */
  csrf: string;
  startedAtMs: number;
  /** The last request that a person caused, to the minute. */
  usedAtMs: number;
}>;

/** The life of sessions, in milliseconds: without a request of a person, and in all. */
export type SessionLimits = Readonly<{ idleMs: number; maxMs: number }>;

// A new cookie with each response would be sent for nothing.
const renewalMs = 60_000;

/** Returns true for a session that has ended by one of its limits. */
export const hasEnded = (session: Session, limits: SessionLimits, nowMs: number): boolean =>
  nowMs > endOf(session, limits);

/** Returns when a session ends by one of its limits, unless it is used before, in epoch milliseconds. */
export const endOf = ({ startedAtMs, usedAtMs }: Session, { idleMs, maxMs }: SessionLimits): number =>
  Math.min(usedAtMs + idleMs, startedAtMs + maxMs);

/** Returns what names a session towards the services: its id, and when it began. */
export const sessionMark = ({ id, startedAtMs }: Session): string => `${id}.${startedAtMs}`;

/** Returns the session as used at this time; null while that changes nothing worth a new cookie. */
export function renewed(session: Session, nowMs: number): Session | null {
  return nowMs - session.usedAtMs < renewalMs ? null : { ...session, usedAtMs: nowMs };
}

/** The parts of a request that tell which page sent it. */
export type Provenance = Readonly<{
  method: string;
  host: string | undefined;
  origin: string | undefined;
  /** Sec-Fetch-Site, which no script can set; absent in old browsers and in programs. */
  site: string | undefined;
}>;

/**
 * Returns true if a request comes from a page of this origin, or from the address bar. SameSite alone also admits
 * pages of other ports and subdomains. Behind a proxy that rewrites Host, Sec-Fetch-Site decides.
 */
export function isFromOwnPage({ method, host, origin, site }: Provenance): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  if (site !== undefined) return site === 'same-origin' || (isRead && site === 'none');
  if (origin === undefined) return isRead;
  return URL.canParse(origin) && new URL(origin).host === host;
}
