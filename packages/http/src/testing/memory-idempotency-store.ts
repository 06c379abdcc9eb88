import type { IdempotencyEntry, IdempotencyStore } from '../idempotency/idempotency-store.ts';

/** An in-memory store of Idempotency-Keys, for tests. */
export class MemoryIdempotencyStore implements IdempotencyStore {
  readonly #entries = new Map<string, IdempotencyEntry>();

  /** Returns all stored entries. */
  all(): readonly IdempotencyEntry[] {
    return [...this.#entries.values()];
  }

  /** Leaves every entry in the state after a process crash between its work and its response, with an expired claim. */
  loseResponses(): void {
    for (const entry of this.all()) this.#update(entry, { answer: null, claimedUntilMs: 0 });
  }

  async claim(entry: IdempotencyEntry): Promise<IdempotencyEntry | null> {
    const found = this.#entries.get(entry.id);
    if (found !== undefined) return found;
    this.#entries.set(entry.id, entry);
    return null;
  }

  async takeOver(entry: IdempotencyEntry, claim: string): Promise<boolean> {
    if (this.#entries.get(entry.id)?.claim !== claim) return false;
    this.#entries.set(entry.id, entry);
    return true;
  }

  async complete(entry: IdempotencyEntry, answer: string): Promise<void> {
    this.#update(entry, { answer });
  }

  async endClaim(entry: IdempotencyEntry): Promise<void> {
    this.#update(entry, { claimedUntilMs: 0 });
  }

  async release({ id, claim }: IdempotencyEntry): Promise<void> {
    if (this.#entries.get(id)?.claim === claim) this.#entries.delete(id);
  }

  async sweepExpired(nowMs: number, limit: number): Promise<number> {
    const expired = this.all()
      .filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
      .slice(0, limit);
    for (const { id } of expired) this.#entries.delete(id);
    return expired.length;
  }

  #update({ id, claim }: IdempotencyEntry, change: Partial<IdempotencyEntry>): void {
    const found = this.#entries.get(id);
    if (found?.claim === claim) this.#entries.set(id, { ...found, ...change });
  }
}
