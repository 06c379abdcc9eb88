/**
 * The browser session in which a key is used: its id, and when it began, in epoch milliseconds. The console sends it in
 * the header X-Tidings-Session.
 */
export type BrowserSession = Readonly<{ id: string; beganAtMs: number }>;

/**
 * The authenticated caller: the key, its workspace (the tenant isolation boundary), the one consumer that it is limited
 * to (null: the whole workspace), and its scopes.
 */
export type Principal = Readonly<{
  keyId: string;
  workspaceId: string;
  consumerId: string | null;
  scopes: ReadonlySet<string>;
  /** Maximum requests per second; default: the service's limit. */
  requestsPerSecond?: number;
  /** True for a key whose events may wait on the disk of ingress while the log does not acknowledge. */
  maySpool?: boolean;
  /** Maximum size of an event of the key, in bytes; default: the service's limit. */
  maxPayloadBytes?: number;
  /** Of a token: the id of the key that requested it, with which it ends. */
  grantedBy?: string;
  /** Of a token: the id of the key pair that signed it, with which it ends. */
  tokenKeyId?: string;
  /** Of a token: its end, in epoch milliseconds. */
  expiresAtMs?: number;
  /** Of a token: when it was issued, in epoch milliseconds. */
  issuedAtMs?: number;
  /** Absent for a request that no browser session sent. */
  session?: BrowserSession;
}>;

/** The origin of a request. */
export type Caller = Readonly<{ address: string; session?: BrowserSession }>;

/**
 * Returns the principal of a bearer token; null if there is none. Throws AppError `unavailable` while the key cannot be
 * checked, and `rate-limited` for an address with too many attempts.
 */
export type Authenticate = (token: string, caller: Caller) => Principal | null | Promise<Principal | null>;
