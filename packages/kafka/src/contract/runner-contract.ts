import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncomingRecord, WorkItem } from '../bus.ts';
import {
  type BusHarness,
  finishing,
  freshName,
  keeping,
  longTimeout,
  messagesOf,
  numbered,
  numberOf,
  type OpenHarness,
  upTo,
} from './harness.ts';

/** Defines the tests of order and of committed offsets. */
export function runnerContract(open: OpenHarness): void {
  describe('partition runner', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('passes on the records of a partition in order, starting with those from before its start', async () => {
      const topic = await harness.topic({ partitions: 3 });
      const producer = await harness.bus.producer();
      const byPartition = new Map<number, number[]>();
      await producer.publishAll(upTo(100).map((n) => numbered(topic, n, { partition: n % 3 })));
      await harness.bus.runPartitions({
        group: freshName('order'),
        topics: [topic],
        decode: numberOf,
        onBatch: ({ partition, items }) => {
          const seen = byPartition.get(partition) ?? [];
          byPartition.set(partition, seen);
          seen.push(...messagesOf(items));
          for (const item of items) item.done();
        },
      });
      await producer.publishAll(upTo(100).map((n) => numbered(topic, 100 + n, { partition: n % 3 })));
      await vi.waitFor(() => expect([...byPartition.values()].flat()).toHaveLength(200), longTimeout);
      for (const [partition, seen] of byPartition) {
        const first = upTo(100).filter((n) => n % 3 === partition);
        expect(seen).toEqual([...first, ...first.map((n) => 100 + n)]);
      }
    });

    it('passes on again after a restart what follows the first record that was not done', async () => {
      const topic = await harness.topic();
      const group = freshName('gap');
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(6).map((n) => numbered(topic, n)));
      const kept: WorkItem<number>[] = [];
      const runner = await harness.bus.runPartitions({ group, topics: [topic], ...keeping(kept) });
      await vi.waitFor(() => expect(messagesOf(kept)).toEqual(upTo(6)), longTimeout);
      for (const n of [5, 1, 0, 4]) kept[n]?.done();
      expect(runner.pending()).toBe(2);
      await runner.close({ drainMs: 0 });
      const again: number[] = [];
      await harness.bus.runPartitions({ group, topics: [topic], ...finishing(again) });
      await vi.waitFor(() => expect(again).toEqual([2, 3, 4, 5]), longTimeout);
    });

    it('waits for pending records when it closes, and commits them', async () => {
      const topic = await harness.topic();
      const group = freshName('drain');
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(3).map((n) => numbered(topic, n)));
      const kept: WorkItem<number>[] = [];
      const runner = await harness.bus.runPartitions({ group, topics: [topic], ...keeping(kept) });
      await vi.waitFor(() => expect(kept).toHaveLength(3), longTimeout);
      const closing = runner.close({ drainMs: 20_000 });
      for (const item of kept) item.done();
      await closing;
      expect(runner.state()).toBe('stopped');
      const [lag] = await harness.bus.lag(group, [topic]);
      expect(lag).toMatchObject({ committedOffset: 3n, highOffset: 3n, lagRecords: 0n });
    });

    it('returns the lag of a group, in total and for records written before a time', async () => {
      const topic = await harness.topic();
      const group = freshName('lag');
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(3).map((n) => numbered(topic, n)));
      const seen: IncomingRecord[] = [];
      const read = {
        topic,
        partitions: [0],
        service: 'lag',
        onRecord: (record: IncomingRecord) => seen.push(record),
      };
      await harness.bus.readRange({ ...read, from: { timestampMs: 0 } });
      const [first] = seen;
      const behind = async (writtenBeforeMs?: number) => {
        const options = writtenBeforeMs === undefined ? {} : { writtenBeforeMs };
        return (await harness.bus.lag(group, [topic], options)).map(({ lagRecords }) => lagRecords);
      };
      expect(seen).toHaveLength(3);
      expect(await behind()).toEqual([3n]);
      expect(await behind(first?.timestampMs)).toEqual([0n]);
      expect(await behind((seen.at(-1)?.timestampMs ?? 0) + 1)).toEqual([3n]);
    });

    it('commits while it runs', async () => {
      const topic = await harness.topic();
      const group = freshName('commit');
      const producer = await harness.bus.producer();
      const seen: number[] = [];
      const handlers = { ...finishing(seen), commitIntervalMs: 50 };
      await harness.bus.runPartitions({ group, topics: [topic], ...handlers });
      await producer.publishAll(upTo(5).map((n) => numbered(topic, n)));
      const committed = async () => (await harness.bus.lag(group, [topic]))[0]?.committedOffset;
      await vi.waitFor(async () => expect(await committed()).toBe(5n), longTimeout);
    });
  });
}
