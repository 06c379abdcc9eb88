import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RetryStore } from '../../src/retries/ports.ts';

/** Tests the contract of a store of requested retries; `open` is called in each test. */
export const describeRetryStore = (name: string, open: () => RetryStore): void => {
  describe(`a store of requested retries: ${name}`, () => {
    it('replaces only what the request has read', async () => {
      const store = open();
      const key = `evt/${randomUUID()}`;
      const first = { chain: 1, runId: 'a', atMs: Date.UTC(2026, 0, 1) };
      const second = { chain: 2, runId: 'b', atMs: Date.UTC(2026, 0, 2) };
      expect(await store.find(key)).toBeNull();
      expect(await store.replace(key, null, first)).toBe(true);
      expect(await store.replace(key, null, second)).toBe(false);
      expect(await store.find(key)).toEqual(first);
      expect(await store.replace(key, first, second)).toBe(true);
      expect(await store.replace(key, first, { ...second, runId: 'c' })).toBe(false);
      expect(await store.find(key)).toEqual(second);
    });

    it('purges what was requested before a time, in steps', async () => {
      const store = open();
      const keys = [1, 2, 3].map(() => `evt/${randomUUID()}`);
      const ofYear = (year: number) => ({ chain: 1, runId: 'a', atMs: Date.UTC(year, 0, 1) });
      for (const [at, key] of keys.entries()) await store.replace(key, null, ofYear(1971 + at));
      expect(await store.purge(Date.UTC(1972, 6, 1), 1)).toBe(1);
      expect(await store.purge(Date.UTC(1972, 6, 1), 10)).toBe(1);
      const left = await Promise.all(keys.map(async (key) => store.find(key)));
      expect(left).toEqual([null, null, ofYear(1973)]);
    });
  });
};
