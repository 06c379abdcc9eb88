import { decodeDeadLetterFact, topics } from '@tidings/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment, IncomingRecord, WorkItem } from '../bus.ts';
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
  readAll,
  textOf,
  upTo,
} from './harness.ts';

/** Defines the tests of how handlers are called: poison records, back-pressure, restored state and failures. */
export function handlerContract(open: OpenHarness): void {
  describe('handlers of a partition runner', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('dead-letters an undecodable record with its origin, and continues', async () => {
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

    it('pauses a partition at its limit and resumes it when half is done', async () => {
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

    it('passes one batch of a partition at a time', async () => {
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

    it('restores a partition before its first record, while the others continue', async () => {
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

    it('passes a record again when the handler throws, without stopping other partitions', async () => {
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
