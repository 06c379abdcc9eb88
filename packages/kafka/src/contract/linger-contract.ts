import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BusHarness,
  finishing,
  freshName,
  longTimeout,
  numbered,
  type OpenHarness,
  upTo,
} from './harness.ts';

/** Returns a handler that finishes each number and counts the batches. */
const counting = () => {
  const seen: number[] = [];
  const counts = { batches: 0 };
  const { decode, onBatch } = finishing(seen);
  const handlers: ReturnType<typeof finishing> = {
    decode,
    onBatch: (batch) => {
      counts.batches += 1;
      return onBatch(batch);
    },
  };
  return { seen, counts, handlers };
};

/** Defines the contract tests of fetch and linger settings: records that arrive one by one share a batch. */
export function lingerContract(open: OpenHarness): void {
  describe('linger', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.close();
    });

    it('waits for minBytes or maxWaitMs, then passes the records on together', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const { seen, counts, handlers } = counting();
      await harness.bus.runPartitions({
        group: freshName('gather'),
        topics: [topic],
        ...handlers,
        minBytes: 2_000,
        maxWaitMs: 1_500,
      });
      // Arrives once the wait is over, although it is below the minimum.
      await producer.publish(numbered(topic, 0, { partition: 0 }));
      await vi.waitFor(() => expect(seen).toEqual([0]), longTimeout);
      // One by one within the next wait: they arrive together.
      counts.batches = 0;
      for (const n of upTo(10)) await producer.publish(numbered(topic, 1 + n, { partition: n % 2 }));
      await vi.waitFor(() => expect(seen).toHaveLength(11), longTimeout);
      // Two partitions, and a wait may end in between.
      expect(counts.batches).toBeLessThanOrEqual(4);
    });

    it('does not wait once minBytes have arrived', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const sizes = { quick: [] as number[], longTimeout: [] as number[] };
      const run = async (name: keyof typeof sizes, minBytes: number) =>
        harness.bus.runPartitions({
          group: freshName(name),
          topics: [topic],
          decode: () => null,
          onBatch: ({ items }) => {
            sizes[name].push(items.length);
            for (const item of items) item.done();
          },
          minBytes,
          maxWaitMs: 1_500,
        });
      await run('quick', 1_000);
      await run('longTimeout', 1_000_000);
      const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
      for (const n of upTo(12)) {
        // Incompressible, so that the broker counts the same bytes as the test.
        await producer.publish({ topic, key: null, value: randomBytes(2_000) });
        await vi.waitFor(() => expect(sum(sizes.quick)).toBe(n + 1), longTimeout);
      }
      await vi.waitFor(() => expect(sum(sizes.longTimeout)).toBe(12), longTimeout);
      expect(sizes.quick).toHaveLength(12);
      expect(sizes.longTimeout.length).toBeLessThan(12);
    });

    it('passes on records that arrive one by one together, one batch per fetch interval', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const { seen, counts, handlers } = counting();
      const fetchIntervalMs = 500;
      await harness.bus.runPartitions({
        group: freshName('interval'),
        topics: [topic],
        ...handlers,
        fetchIntervalMs,
      });
      await producer.publish(numbered(topic, 0));
      await vi.waitFor(() => expect(seen).toEqual([0]), longTimeout);
      counts.batches = 0;
      const beganMs = performance.now();
      for (const n of upTo(30)) await producer.publish(numbered(topic, 1 + n));
      await vi.waitFor(() => expect(seen).toEqual(upTo(31)), longTimeout);
      const intervals = (performance.now() - beganMs) / fetchIntervalMs;
      // One fetch in flight at the start, and one that starts in each interval.
      expect(counts.batches).toBeLessThanOrEqual(2 + Math.floor(intervals));
    });
  });
}
