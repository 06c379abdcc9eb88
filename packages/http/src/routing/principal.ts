/**
 * Who asks: the key, its workspace (a hard wall), the one consumer it is limited to (null: all of the workspace), and
 * what it may do.
 */
export type Principal = Readonly<{
  keyId: string;
  workspaceId: string;
  consumerId: string | null;
  scopes: ReadonlySet<string>;
  /** How many requests a second it may make; left out: as the service has it. */
  requestsPerSecond?: number;
}>;

/** Where a request comes from. */
export type Caller = Readonly<{ address: string }>;

/**
 * Finds the principal of a bearer token; null when there is none. Throws AppError `unavailable` while that cannot be
 * known, and `rate-limited` for an address that tries too often.
 */
export type Authenticate = (token: string, caller: Caller) => Principal | null | Promise<Principal | null>;
