import { decodeDeadLetterFact, topics } from '@tidings/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment, IncomingRecord, RunPartitionsOptions, WorkItem } from '../bus.ts';
import {
  type BusHarness,
  finishing,
  freshName,
  longTimeout,
  numbered,
  numberOf,
  type OpenHarness,
  readAll,
  textOf,
  upTo,
} from './harness.ts';

type Options = RunPartitionsOptions<number>;

/** Returns a handler that keeps its items. */
const keeping = (kept: WorkItem<number>[]): Pick<Options, 'decode' | 'onBatch'> => ({
  decode: numberOf,
  onBatch: ({ items }) => void kept.push(...items),
});

const messagesOf = (items: readonly WorkItem<number>[]): number[] => items.map(({ message }) => message);

export function runnerContract(open: OpenHarness): void {
  describe('partition runner', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('hands on the records of a partition in order, those from before it started first', async () => {
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

    it('brings back after a restart only what was not done up to the first gap', async () => {
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

    it('waits for what is pending when it closes, and commits it', async () => {
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

    it('tells how far a group is behind, in all and in what was written before a time', async () => {
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

    it('sends what cannot be decoded to dead-letters with its origin, and goes on', async () => {
      const topic = await harness.topic();
      const group = freshName('poison');
      const producer = await harness.bus.producer();
      const headers = { origin: 'outside' };
      await producer.publishAll([
        numbered(topic, 0),
        { topic, key: 'k', headers, value: Buffer.from('poison') },
        numbered(topic, 2),
      ]);
      const seen: number[] = [];
      const decode = (record: IncomingRecord): number => {
        if (textOf(record) === 'poison') throw new TypeError('not a number');
        return numberOf(record);
      };
      const handlers = { ...finishing(seen), decode };
      const runner = await harness.bus.runPartitions({ group, topics: [topic], ...handlers });
      await vi.waitFor(() => expect(seen).toEqual([0, 2]), longTimeout);
      const deadLetters = await vi.waitFor(async () => {
        const all = (await readAll(harness.bus, topics.deadLetters)).map(decodeDeadLetterFact);
        const mine = all.flatMap((fact) =>
          'deadLetter' in fact &&
          fact.deadLetter.type === 'RecordPoisoned.v1' &&
          fact.deadLetter.group === group
            ? [fact]
            : [],
        );
        expect(mine).toHaveLength(1);
        return mine;
      }, longTimeout);
      expect(deadLetters[0]?.value.toString()).toBe('poison');
      expect(deadLetters[0]?.deadLetter).toMatchObject({
        reason: 'undecodable',
        detail: 'not a number',
        origin: { topic: topic.name, partition: 0, offset: '1', key: 'k', headers },
      });
      await vi.waitFor(() => expect(runner.pending()).toBe(0), longTimeout);
      await runner.close();
      expect((await harness.bus.lag(group, [topic]))[0]?.committedOffset).toBe(3n);
    });

    it('stops fetching a partition at its bound and goes on when half is done', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const kept: WorkItem<number>[] = [];
      await harness.bus.runPartitions({
        group: freshName('pause'),
        topics: [topic],
        ...keeping(kept),
        maxPendingPerPartition: 10,
      });
      await producer.publishAll(upTo(10).map((n) => numbered(topic, n, { partition: 0 })));
      await vi.waitFor(() => expect(kept).toHaveLength(10), longTimeout);
      await producer.publish(numbered(topic, 10, { partition: 0 }));
      // The other partition still delivers, and the records written before to the full one have not arrived.
      await producer.publish(numbered(topic, 99, { partition: 1 }));
      await vi.waitFor(() => expect(messagesOf(kept)).toContain(99), longTimeout);
      expect(messagesOf(kept)).not.toContain(10);
      for (const item of kept.slice(0, 5)) item.done();
      await vi.waitFor(() => expect(messagesOf(kept)).toContain(10), longTimeout);
    });

    it('does not give a partition two batches at a time', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const seen: number[] = [];
      const releases: (() => void)[] = [];
      let running = 0;
      let most = 0;
      await harness.bus.runPartitions({
        group: freshName('single'),
        topics: [topic],
        decode: numberOf,
        onBatch: async ({ items }) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise<void>((resolve) => releases.push(resolve));
          running -= 1;
          seen.push(...messagesOf(items));
          for (const item of items) item.done();
        },
      });
      await producer.publish(numbered(topic, 0));
      await vi.waitFor(() => expect(releases).toHaveLength(1), longTimeout);
      await producer.publish(numbered(topic, 1));
      await producer.publish(numbered(topic, 2));
      await vi.waitFor(() => {
        releases.shift()?.();
        expect(seen).toEqual([0, 1, 2]);
      }, longTimeout);
      expect(most).toBe(1);
    });

    it('restores a partition before its first record, and keeps the others going', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      await producer.publishAll([
        numbered(topic, 0, { partition: 0 }),
        numbered(topic, 1, { partition: 1 }),
        numbered(topic, 2, { partition: 1 }),
      ]);
      const seen: number[] = [];
      const assignments: Assignment[] = [];
      let restored: () => void = () => {};
      await harness.bus.runPartitions({
        group: freshName('restore'),
        topics: [topic],
        ...finishing(seen),
        onAssigned: async (assignment) => {
          assignments.push(assignment);
          if (assignment.partition === 0) await new Promise<void>((resolve) => (restored = resolve));
        },
      });
      await vi.waitFor(() => expect(seen).toEqual([1, 2]), longTimeout);
      await producer.publish(numbered(topic, 3, { partition: 1 }));
      await vi.waitFor(() => expect(seen).toEqual([1, 2, 3]), longTimeout);
      restored();
      await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 0]), longTimeout);
      expect(assignments.sort((a, b) => a.partition - b.partition)).toEqual([
        { topic: topic.name, partition: 0, committedOffset: 0n, lowOffset: 0n, highOffset: 1n },
        { topic: topic.name, partition: 1, committedOffset: 0n, lowOffset: 0n, highOffset: 2n },
      ]);
    });

    it('gives a record again when the handler throws, without stopping other partitions', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const seen: number[] = [];
      const reported: string[] = [];
      let failures = 2;
      const runner = await harness.bus.runPartitions({
        group: freshName('throw'),
        topics: [topic],
        decode: numberOf,
        onAssigned: async ({ partition }) => void reported.push(`assigned ${partition}`),
        onRevoked: ({ partition }) => void reported.push(`revoked ${partition}`),
        onBatch: ({ partition, items }) => {
          if (partition === 0 && failures > 0) {
            failures -= 1;
            throw new TypeError('a defect');
          }
          for (const item of items) {
            seen.push(item.message);
            item.done();
          }
        },
      });
      await producer.publish(numbered(topic, 0, { partition: 0 }));
      await vi.waitFor(() => expect(failures).toBeLessThan(2), longTimeout);
      await producer.publish(numbered(topic, 1, { partition: 1 }));
      await vi.waitFor(() => expect([...seen].sort()).toEqual([0, 1]), longTimeout);
      expect(failures).toBe(0);
      expect(reported.filter((line) => line.endsWith('0'))).toEqual(
        ['assigned', 'revoked', 'assigned', 'revoked', 'assigned'].map((word) => `${word} 0`),
      );
      expect(reported.filter((line) => line.endsWith('1'))).toEqual(['assigned 1']);
      await vi.waitFor(() => expect(runner.state()).toBe('running'), longTimeout);
    });
  });
}
