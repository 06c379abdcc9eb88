import type { IncomingMessage } from 'node:http';
import { addressOf, traceparentOf } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import express, { type Express, type Request } from 'express';
import type { Entry, Session, SessionLimits } from '../domain/session.ts';
import type { FetchIdentity, Identity, RecordSignOut } from '../ports.ts';
import { requireOwnPage, type Sessions } from '../sessions.ts';
import type { SignInCodes } from '../sign-in-codes.ts';

/** Dependencies of the session routes. */
export type SessionRouteParts = Readonly<{
  sessions: Sessions;
  codes: SignInCodes;
  fetchIdentity: FetchIdentity;
  recordSignOut: RecordSignOut;
  /** Called when sessions were signed out, to end what they have open. */
  onSignedOut: () => void;
  limits: SessionLimits;
}>;

const entries: readonly Entry[] = ['operator', 'portal'];

/**
 * Mounts `/session/{entry}`: POST signs in, GET returns the session, DELETE signs out; and `/session/operator/link`, which
 * tells whom a code would sign in, and leaves the code as it is. For pages of the console only.
 */
export function mountSessionRoutes(app: Express, parts: SessionRouteParts): void {
  for (const entry of entries) {
    app
      .route(`/session/${entry}`)
      .all((request, response, next) => {
        requireOwnPage(request);
        response.set('cache-control', 'no-store');
        next();
      })
      .post(express.json({ limit: '16kb' }), async (request, response) => {
        const credential = credentialIn(parts, request, entry);
        const identity = await parts.fetchIdentity(credential, onBehalfOf(request));
        requireEntry(entry, identity);
        const session = parts.sessions.begin(request, response, { entry, credential });
        response.json(sessionView(session, identity, parts.limits));
      })
      .get(async (request, response) => {
        const session = found(parts, request, entry);
        const identity = await parts.fetchIdentity(session.credential, { ...onBehalfOf(request), session });
        response.json(sessionView(session, identity, parts.limits));
      })
      .delete(async (request, response) => {
        const session = found(parts, request, entry);
        const everywhere = request.query['everywhere'] === 'true';
        parts.sessions.check(request, session);
        // Here at once, even if the services cannot be told.
        parts.sessions.end(request, response, { session, everywhere });
        parts.onSignedOut();
        await parts.recordSignOut(session, { ...onBehalfOf(request), everywhere });
        response.status(204).end();
      });
  }
  app.post('/session/operator/link', express.json({ limit: '16kb' }), async (request, response) => {
    requireOwnPage(request);
    const code = fieldOf(request.body, 'code') ?? '';
    const identity = await parts.fetchIdentity(
      keyOf(request, code, (one) => parts.codes.look(one)),
      onBehalfOf(request),
    );
    response.set('cache-control', 'no-store').json({ identity });
  });
}

/**
 * Mounts POST /sign-in-links for the operators' server: exchanges a key for a one-time code. The caller has the key, so
 * that it gains nothing; the code makes a link that can be printed.
 */
export function mountSignInLinks(app: Express, codes: SignInCodes): void {
  app.post('/sign-in-links', express.json({ limit: '16kb' }), (request, response) => {
    const key = fieldOf(request.body, 'key');
    if (key === undefined)
      throw new AppError({ code: 'invalid-request', message: "Send JSON with the field 'key'." });
    const { code, expiresAtMs } = codes.create(key);
    const link = { path: `/#sign-in=${code}`, expires_at: new Date(expiresAtMs).toISOString() };
    response.status(201).set('cache-control', 'no-store').json(link);
  });
}

const onBehalfOf = (request: IncomingMessage) => ({
  address: addressOf(request),
  traceparent: traceparentOf(request),
});

function fieldOf(body: unknown, name: string): string | undefined {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value.trim() : undefined;
}

function credentialIn(parts: SessionRouteParts, request: Request, entry: Entry): string {
  const body: unknown = request.body;
  const key = fieldOf(body, entry === 'operator' ? 'key' : 'token');
  if (key !== undefined) return key;
  const code = entry === 'operator' ? fieldOf(body, 'code') : undefined;
  if (code === undefined) {
    const names = entry === 'operator' ? "'key' or 'code'" : "'token'";
    throw new AppError({ code: 'invalid-request', message: `Send JSON with the field ${names}.` });
  }
  return keyOf(request, code, (one) => parts.codes.take(one));
}

/** Returns the key of a code as `use` finds it. Throws AppError `unauthorized`. */
function keyOf(request: Request, code: string, use: (code: string) => string | null): string {
  const key = isLoopback(request) ? use(code) : null;
  if (key !== null) return key;
  const message =
    'The sign-in link is not valid any more: it works once, for 15 minutes, on the machine that made it.';
  throw new AppError({ code: 'unauthorized', message });
}

const isLoopback = (request: IncomingMessage): boolean => /^(127\.|::1$)/.test(addressOf(request));

function requireEntry(entry: Entry, { consumer_id }: Identity): void {
  if (entry === 'operator' && consumer_id !== null) {
    const message = `This key belongs to the consumer '${consumer_id}': open the portal at /portal instead.`;
    throw new AppError({ code: 'forbidden', message });
  }
  if (entry === 'portal' && consumer_id === null) {
    const message = 'The portal is for one consumer: it needs a consumer token, or a key with a consumer.';
    throw new AppError({ code: 'forbidden', message });
  }
}

function found({ sessions }: SessionRouteParts, request: IncomingMessage, entry: Entry): Session {
  const session = sessions.find(request, entry);
  if (session !== null) return session;
  throw new AppError({ code: 'unauthorized', message: 'Nobody is signed in, or the session has ended.' });
}

const sessionView = (
  { csrf, startedAtMs }: Session,
  identity: Identity,
  { idleMs, maxMs }: SessionLimits,
) => ({
  identity,
  csrf,
  idle_seconds: Math.floor(idleMs / 1_000),
  ends_at: new Date(startedAtMs + maxMs).toISOString(),
});
