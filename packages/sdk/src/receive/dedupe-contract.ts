import { randomUUID } from 'node:crypto';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import type { DedupeStore, DedupeTimes } from './dedupe.ts';

/** Tests that every {@link DedupeStore} passes. `open` creates a store on the same data at each call. */
export function dedupeContract(name: string, open: () => DedupeStore): void {
  const newId = (): string => `dlv_${randomUUID()}`;

  describe(`a dedupe store in ${name}`, () => {
    it('gives an id to one of several claims at once', async () => {
      const id = newId();
      const stores = Array.from({ length: 5 }, () => open());
      const results = await Promise.all(stores.map(async (store, at) => store.claim(id, `claim-${at}`)));
      expect(results.filter((result) => result === 'claimed')).toHaveLength(1);
      expect(results.filter((result) => result === 'in-progress')).toHaveLength(4);
    });

    it('knows a handled id, and no other', async () => {
      const [id, store] = [newId(), open()];
      expect(await store.claim(id, 'a')).toBe('claimed');
      await store.complete(id, 'a');
      expect(await open().claim(id, 'b')).toBe('handled');
      expect(await store.claim(newId(), 'b')).toBe('claimed');
    });

    it('gives a released id to the next claim, and ignores the release of another claim', async () => {
      const [id, store] = [newId(), open()];
      expect(await store.claim(id, 'a')).toBe('claimed');
      await store.release(id, 'of-somebody-else');
      expect(await store.claim(id, 'b')).toBe('in-progress');
      await store.release(id, 'a');
      expect(await store.claim(id, 'b')).toBe('claimed');
      await store.complete(id, 'b');
      await store.release(id, 'b');
      expect(await store.claim(id, 'c')).toBe('handled');
    });
  });
}

/** Tests of the times of a store, which pass in real time. */
export function dedupeTimesContract(name: string, open: (times: DedupeTimes) => DedupeStore): void {
  describe(`the times of a dedupe store in ${name}`, () => {
    it('end the lease of a killed process, and the memory of a handled id', async () => {
      const [id, store] = [`dlv_${randomUUID()}`, open({ leaseSeconds: 1, ttlSeconds: 1 })];
      expect(await store.claim(id, 'killed')).toBe('claimed');
      expect(await store.claim(id, 'next')).toBe('in-progress');
      await eventually(async () => expect(await store.claim(id, 'next')).toBe('claimed'));
      await store.complete(id, 'next');
      expect(await store.claim(id, 'late')).toBe('handled');
      await eventually(async () => expect(await store.claim(id, 'late')).toBe('claimed'));
    });
  });
}
