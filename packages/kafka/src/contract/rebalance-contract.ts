import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartitionRef, WorkItem } from '../bus.ts';
import {
  type BusHarness,
  freshName,
  longTimeout,
  numbered,
  numberOf,
  type OpenHarness,
  upTo,
} from './harness.ts';

const partitionsOf = (refs: readonly PartitionRef[]): number[] =>
  refs.map(({ partition }) => partition).sort((a, b) => a - b);

/** Creates a group member that keeps its items and records its callbacks. */
function member() {
  const items: WorkItem<number>[] = [];
  const reported: string[] = [];
  return {
    items,
    reported,
    handlers: {
      decode: numberOf,
      onAssigned: async ({ partition }: PartitionRef) => void reported.push(`assigned ${partition}`),
      onRevoked: ({ partition }: PartitionRef) => void reported.push(`revoked ${partition}`),
      onBatch: (batch: { readonly items: readonly WorkItem<number>[] }) => void items.push(...batch.items),
    },
  };
}

export function rebalanceContract(open: OpenHarness): void {
  describe('rebalance', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('shares the partitions, loses no record, and does not reopen partitions that stay assigned', async () => {
      const topic = await harness.topic({ partitions: 4 });
      const group = freshName('share');
      const producer = await harness.bus.producer();
      const [one, two] = [member(), member()];
      const first = await harness.bus.runPartitions({ group, topics: [topic], ...one.handlers });
      await producer.publishAll(upTo(40).map((n) => numbered(topic, n, { partition: n % 4 })));
      await vi.waitFor(() => expect(one.items).toHaveLength(40), longTimeout);

      const peer = await harness.peer();
      const second = await peer.runPartitions({ group, topics: [topic], ...two.handlers });
      await vi.waitFor(() => {
        expect(first.assigned()).toHaveLength(2);
        expect(second.assigned()).toHaveLength(2);
        // The second receives what the first had not finished, from the committed offset.
        expect(two.items).toHaveLength(20);
      }, longTimeout);
      const [kept, moved] = [partitionsOf(first.assigned()), partitionsOf(second.assigned())];
      expect([...kept, ...moved].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
      expect(one.reported.filter((line) => line.startsWith('revoked')).sort()).toEqual(
        moved.map((partition) => `revoked ${partition}`),
      );
      expect(two.reported.sort()).toEqual(moved.map((partition) => `assigned ${partition}`));

      await producer.publishAll(upTo(40).map((n) => numbered(topic, 40 + n, { partition: n % 4 })));
      await vi.waitFor(() => {
        expect(one.items).toHaveLength(60);
        expect(two.items).toHaveLength(40);
      }, longTimeout);
      const all = new Set([...one.items, ...two.items].map(({ message }) => message));
      expect([...all].sort((a, b) => a - b)).toEqual(upTo(80));

      for (const item of [...one.items, ...two.items]) item.done();
      await second.close();
      await vi.waitFor(() => expect(first.assigned()).toHaveLength(4), longTimeout);
      await producer.publishAll(upTo(4).map((n) => numbered(topic, 80 + n, { partition: n })));
      await vi.waitFor(() => expect(one.items).toHaveLength(64), longTimeout);
      const regained = one.reported.filter((line) =>
        moved.some((partition) => line === `assigned ${partition}`),
      );
      expect(regained).toHaveLength(4);
    });

    it('ignores records that a former owner finishes', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const group = freshName('late');
      const producer = await harness.bus.producer();
      const [one, two] = [member(), member()];
      const first = await harness.bus.runPartitions({ group, topics: [topic], ...one.handlers });
      await producer.publishAll(upTo(6).map((n) => numbered(topic, n, { partition: n % 2 })));
      await vi.waitFor(() => expect(one.items).toHaveLength(6), longTimeout);
      const peer = await harness.peer();
      const second = await peer.runPartitions({ group, topics: [topic], ...two.handlers });
      await vi.waitFor(() => expect(two.items).toHaveLength(3), longTimeout);
      for (const item of one.items) item.done();
      await second.close({ drainMs: 0 });
      await first.close({ drainMs: 0 });
      const lag = await harness.bus.lag(group, [topic]);
      const lost = two.items[0]?.record.partition;
      expect(lag.find(({ partition }) => partition === lost)?.lagRecords).toBe(3n);
      expect(lag.find(({ partition }) => partition !== lost)?.lagRecords).toBe(0n);
    });
  });
}
