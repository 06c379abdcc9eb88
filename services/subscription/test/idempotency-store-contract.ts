import { beforeEach, describe, expect, it } from 'vitest';
import type { IdempotencyEntry, IdempotencyStore } from '../src/registry/ports.ts';
import { nextId } from './a-subscription.ts';

const anEntry = (overrides: Partial<IdempotencyEntry> = {}): IdempotencyEntry => ({
  id: 'key-1',
  fingerprint: 'body-1',
  entityId: nextId(),
  claim: 'run-1',
  claimedUntilMs: 2_000,
  expiresAtMs: 10_000,
  answer: null,
  ...overrides,
});

/** What every memory of POSTs does. `create` opens an empty one. */
export function describeIdempotencyStore(name: string, create: () => Promise<IdempotencyStore>): void {
  describe(`${name}, as a memory of POSTs`, () => {
    let keys: IdempotencyStore;
    beforeEach(async () => {
      keys = await create();
    });
    const answer = { bodyJson: '{"id":"x"}', version: 1, sealedSecret: 'sealed' };

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
      const next = ['run-2', 'run-3'].map((claim) => anEntry({ claim, entityId: dead.entityId }));
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
