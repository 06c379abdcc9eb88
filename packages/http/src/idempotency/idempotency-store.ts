/** One Idempotency-Key in use. `claim` identifies the run that holds it. Times are epoch milliseconds. */
export type IdempotencyEntry = Readonly<{
  /** Derived from the key, its sender and the route. */
  id: string;
  /** Derived from the rest of the request: another request with the same key is refused. */
  fingerprint: string;
  /**
   * The id of the object that the request creates. Written before anything else, so that a run after a crash uses the
   * same id.
   */
  reservedId: string;
  claim: string;
  /** The time after which a run without a response is considered dead. */
  claimedUntilMs: number;
  expiresAtMs: number;
  /** The stored response as text, sealed if the service seals; null until there is one. */
  answer: string | null;
}>;

/**
 * The store for a service's Idempotency-Keys. Every method rejects with AppError `unavailable` if the database does not
 * respond.
 */
export type IdempotencyStore = Readonly<{
  /** Stores the entry and returns null if its id is new; else returns the existing entry. */
  claim(entry: IdempotencyEntry): Promise<IdempotencyEntry | null>;
  /** Replaces the entry that `claim` held by `entry`; returns false if another run did so first. */
  takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean>;
  complete(entry: IdempotencyEntry, answer: string): Promise<void>;
  /** Ends the claim of a failed run and keeps its reserved id, since it may have written data. */
  endClaim(entry: IdempotencyEntry): Promise<void>;
  /** Deletes the entry of a run that wrote nothing. */
  release(entry: IdempotencyEntry): Promise<void>;
  /** Deletes up to `limit` expired entries and returns their number. */
  sweepExpired(nowMs: number, limit: number): Promise<number>;
}>;
