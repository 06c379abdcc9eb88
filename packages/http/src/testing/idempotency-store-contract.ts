import { beforeEach, describe, expect, it } from 'vitest';
import type { IdempotencyEntry, IdempotencyStore } from '../idempotency/idempotency-store.ts';

const anEntry = (overrides: Partial<IdempotencyEntry> = {}): IdempotencyEntry => ({
  id: 'key-1',
  fingerprint: 'body-1',
  reservedId: 'req_1',
  claim: 'run-1',
  claimedUntilMs: 2_000,
  expiresAtMs: 10_000,
  answer: null,
  ...overrides,
});

/** Declares the tests that every store of Idempotency-Keys must pass. `create` opens an empty store. */
export function describeIdempotencyStore(name: string, create: () => Promise<IdempotencyStore>): void {
  describe(`${name}, as a store of Idempotency-Keys`, () => {
    let keys: IdempotencyStore;
    beforeEach(async () => {
      keys = await create();
    });
    const answer = '{"status":201}';

    it('gives a key to the first and shows it to the second', async () => {
      const first = anEntry();
      expect(await keys.claim(first)).toBeNull();
      expect(await keys.claim(anEntry({ claim: 'run-2' }))).toEqual(first);
    });

    it('keeps the answer of the run that holds the key, and of no other', async () => {
      const first = anEntry();
      await keys.claim(first);
      await keys.complete({ ...first, claim: 'stranger' }, answer);
      expect(await keys.claim(anEntry())).toEqual(first);
      await keys.complete(first, answer);
      expect(await keys.claim(anEntry())).toEqual({ ...first, answer });
    });

    it('lets one of several take a key over from a dead run', async () => {
      const dead = anEntry();
      await keys.claim(dead);
      const next = ['run-2', 'run-3'].map((claim) => anEntry({ claim, reservedId: dead.reservedId }));
      const taken = await Promise.all(next.map(async (entry) => keys.takeOver(entry, dead.claim)));
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    it('ends a claim with its reserved id kept, and forgets a released one', async () => {
      const first = anEntry();
      await keys.claim(first);
      await keys.endClaim(first);
      expect(await keys.claim(anEntry())).toEqual({ ...first, claimedUntilMs: 0 });
      await keys.release({ ...first, claim: 'stranger' });
      expect(await keys.claim(anEntry())).not.toBeNull();
      await keys.release(first);
      expect(await keys.claim(anEntry({ claim: 'run-2' }))).toBeNull();
    });

    it('sweeps what has expired, so many at a time', async () => {
      await keys.claim(anEntry({ id: 'a', expiresAtMs: 5_000 }));
      await keys.claim(anEntry({ id: 'b', expiresAtMs: 5_000 }));
      await keys.claim(anEntry({ id: 'c', expiresAtMs: 5_001 }));
      expect(await keys.sweepExpired(5_000, 1)).toBe(1);
      expect(await keys.sweepExpired(5_000, 10)).toBe(1);
      expect(await keys.sweepExpired(5_000, 10)).toBe(0);
      expect(await keys.claim(anEntry({ id: 'c' }))).not.toBeNull();
    });
  });
}
