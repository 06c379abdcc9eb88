import type { Session } from './domain/session.ts';

/** The rights of a key or token, as GET /v1/webhooks/identity of the API returns them. */
export type Identity = Readonly<{
  key_id: string;
  workspace_id: string;
  consumer_id: string | null;
  scopes: readonly string[];
  granted_by: string | null;
  expires_at: string | null;
}>;

/** The client on whose behalf the API is asked: its wrong keys count against its address. */
export type OnBehalf = Readonly<{ address: string; traceparent: string }>;

/** Sends a request to an instance of a service, given its URL, and to another if it rejects. */
export type AskInstance = (send: (url: string) => Promise<Response>) => Promise<Response>;

/**
 * Returns the identity of a key or token. Throws AppError `unauthorized` for one that the API refuses, `rate-limited`
 * for an address with too many wrong keys, and `unavailable`.
 */
export type FetchIdentity = (
  credential: string,
  onBehalf: OnBehalf & Readonly<{ session?: Session }>,
) => Promise<Identity>;

/**
 * Tells all services that a session is over, or with `everywhere` all sessions of its key. Throws AppError `unavailable`
 * if that could not be recorded.
 */
export type RecordSignOut = (
  session: Session,
  how: OnBehalf & Readonly<{ everywhere: boolean }>,
) => Promise<void>;
