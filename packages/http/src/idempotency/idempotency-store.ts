/** One Idempotency-Key in use. `claim` names the run that works on it. Times are epoch milliseconds. */
export type IdempotencyEntry = Readonly<{
  /** Derived from the key, from who sent it and from the route it was sent to. */
  id: string;
  /** Derived from the rest of the request: another request under the same key is refused. */
  fingerprint: string;
  /** Names what the request makes. Written before anything else is, so that a run after a crash gets the same. */
  reservedId: string;
  claim: string;
  /** A run that has not answered by then is taken for dead. */
  claimedUntilMs: number;
  expiresAtMs: number;
  /** The stored answer as text, sealed where the service seals; null until there is one. */
  answer: string | null;
}>;

/** Where a service keeps the Idempotency-Keys of its requests. Every method rejects with AppError `unavailable` when the database does not answer. */
export type IdempotencyStore = Readonly<{
  /** Keeps the entry if there is none of its id; else returns the one that is there. */
  claim(entry: IdempotencyEntry): Promise<IdempotencyEntry | null>;
  /** Puts `entry` in the place of the one that `claim` held; false when another run did so first. */
  takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean>;
  complete(entry: IdempotencyEntry, answer: string): Promise<void>;
  /** Ends the claim of a run that failed and keeps the id it reserved: it may have written something. */
  endClaim(entry: IdempotencyEntry): Promise<void>;
  /** Forgets a run that wrote nothing. */
  release(entry: IdempotencyEntry): Promise<void>;
  /** Forgets up to `limit` entries that have expired, and returns how many. */
  sweepExpired(nowMs: number, limit: number): Promise<number>;
}>;
