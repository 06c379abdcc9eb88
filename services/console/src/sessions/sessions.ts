import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, type Clock } from '@tidings/runtime';
import { type CookieParts, clearedCookie, cookieOf, sessionOf } from './adapters/session-cookie.ts';
import { type Entry, isFromOwnPage, renewed, type Session } from './domain/session.ts';
import type { EndedSessions } from './ended-sessions.ts';

/** Dependencies of {@link Sessions}. */
export type SessionParts = CookieParts & Readonly<{ ended: EndedSessions; clock: Clock }>;

/** Begins, finds and ends the sessions of browsers. */
export class Sessions {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Begins a session and sets its cookie. */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    by: Readonly<{ entry: Entry; credential: string }>,
  ): Session {
    const nowMs = this.#parts.clock.nowMs();
    const csrf = randomBytes(24).toString('base64url');
    const session = { id: randomUUID(), ...by, csrf, startedAtMs: nowMs, usedAtMs: nowMs };
    response.appendHeader('set-cookie', cookieOf(this.#parts, session, request));
    return session;
  }

  /** Returns the session of a request; null if there is none, or it has ended. */
  find(request: IncomingMessage, entry: Entry): Session | null {
    const session = sessionOf(this.#parts, request, { entry, nowMs: this.#parts.clock.nowMs() });
    return session === null || this.#parts.ended.has(session) ? null : session;
  }

  /** Checks that a page of the console sent the request, and that a change has the session's CSRF token. Throws AppError `forbidden`. */
  check(request: IncomingMessage, session: Session): void {
    requireOwnPage(request);
    const { method = 'GET', headers } = request;
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead && headers['x-tidings-csrf'] !== session.csrf) {
      const message = 'The header X-Tidings-Csrf is missing or not that of the session: reload the page.';
      throw new AppError({ code: 'forbidden', message });
    }
  }

  /**
   * Checks a request as {@link check} does, and extends the session, unless the page says that no person caused the
   * request. Returns it as it is then.
   */
  use(request: IncomingMessage, response: ServerResponse, session: Session): Session {
    this.check(request, session);
    const { headers } = request;
    if (headers['x-tidings-background'] !== undefined) return session;
    const next = renewed(session, this.#parts.clock.nowMs());
    if (next !== null) response.appendHeader('set-cookie', cookieOf(this.#parts, next, request));
    return next ?? session;
  }

  /** Returns true for a session that was signed out at this instance. */
  isSignedOut(session: Session): boolean {
    return this.#parts.ended.has(session);
  }

  /** Ends a session, or with `everywhere` all sessions of its key, and removes the cookie. */
  end(
    request: IncomingMessage,
    response: ServerResponse,
    by: Readonly<{ session: Session; everywhere: boolean }>,
  ): void {
    const { session, everywhere } = by;
    if (everywhere) this.#parts.ended.endAll(session, this.#parts.clock.nowMs());
    else this.#parts.ended.end(session);
    response.appendHeader('set-cookie', clearedCookie(session.entry, request));
  }
}

/** Throws AppError `forbidden` for a request that a page of another origin sent. */
export function requireOwnPage(request: IncomingMessage): void {
  const { method = 'GET', headers } = request;
  const site = headers['sec-fetch-site'];
  const provenance = { method, host: headers.host, origin: headers.origin };
  if (isFromOwnPage({ ...provenance, site: typeof site === 'string' ? site : undefined })) return;
  const message = 'Only pages of this origin may use the session.';
  throw new AppError({ code: 'forbidden', message });
}
