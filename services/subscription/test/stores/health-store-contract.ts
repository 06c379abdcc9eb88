import { beforeEach, describe, expect, it } from 'vitest';
import { type EndpointHealth, noHealth } from '../../src/endpoint-health/domain/endpoint-health.ts';
import type { HealthStore } from '../../src/endpoint-health/ports.ts';
import { nextId } from '../a-subscription.ts';

/** Contract tests of every store of endpoint health. `create` opens an empty one. */
export function describeHealthStore(name: string, create: () => Promise<HealthStore>): void {
  describe(`${name}, as a store of endpoint health`, () => {
    let health: HealthStore;
    beforeEach(async () => {
      health = await create();
    });
    const full = (): EndpointHealth => ({
      subscriptionId: nextId(),
      rev: 1,
      countedVersion: 4,
      failureCount: 7,
      failingSinceMs: 1_700_000_000_000,
      lastDeliveryAtMs: 1_600_000_000_000,
      lastFailureAtMs: 1_700_000_000_001,
      lastFailureReason: 'blocked-address',
      alert: 'disabled',
      positions: [
        { partition: 0, offset: 5_000_000_000 },
        { partition: 11, offset: 0 },
      ],
    });

    it('returns what was written', async () => {
      const [one, empty] = [full(), { ...noHealth(nextId()), rev: 1 }];
      expect(await health.write([one, empty])).toBe(true);
      expect(await health.find(one.subscriptionId)).toEqual(one);
      expect(await health.find(empty.subscriptionId)).toEqual(empty);
      expect(await health.find(nextId())).toBeNull();
      const found = await health.findMany([one.subscriptionId, nextId()]);
      expect([...found]).toEqual([[one.subscriptionId, one]]);
      expect((await health.findMany([])).size).toBe(0);
    });

    it('replaces only the revision that was read', async () => {
      const one = full();
      expect(await health.write([{ ...one, rev: 2 }])).toBe(false);
      await health.write([one]);
      expect(await health.write([{ ...one, failureCount: 8 }])).toBe(false);
      expect(await health.write([{ ...one, rev: 3 }])).toBe(false);
      expect(await health.find(one.subscriptionId)).toEqual(one);
      const next = { ...one, rev: 2, failureCount: 0, failingSinceMs: null };
      const wins = await Promise.all([health.write([next]), health.write([{ ...next, failureCount: 9 }])]);
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await health.find(one.subscriptionId))?.rev).toBe(2);
    });

    it('writes those of many that it can, and returns false if it could not write them all', async () => {
      const [fresh, taken, moved, stale] = [full(), full(), full(), full()];
      await health.write([taken, moved, stale]);
      const next = { ...moved, rev: 2, failureCount: 8 };
      const again = { ...taken, failureCount: 9 };
      const late = { ...stale, rev: 3, failureCount: 9 };
      expect(await health.write([again, fresh, late, next])).toBe(false);
      const all = [fresh, taken, moved, stale].map(({ subscriptionId }) => subscriptionId);
      const found = await health.findMany(all);
      expect(all.map((id) => found.get(id))).toEqual([fresh, taken, next, stale]);
      expect(await health.write([])).toBe(true);
    });

    it('removes a document', async () => {
      const one = full();
      await health.write([one]);
      await health.remove(one.subscriptionId);
      await health.remove(one.subscriptionId);
      expect(await health.find(one.subscriptionId)).toBeNull();
    });
  });
}
