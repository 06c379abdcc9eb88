import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionForKey } from '../producer/partitioner.ts';
import { type BusHarness, numbered, numberOf, type OpenHarness, readAll, upTo } from './harness.ts';

export function producerContract(open: OpenHarness): void {
  describe('producer', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('writes the records of one key, in order, to the partition that every Kafka client picks', async () => {
      const topic = await harness.topic({ partitions: 4 });
      const producer = await harness.bus.producer();
      const keys = ['sub_a', 'sub_b', 'zoë', 'sub_d', 'sub_e'];
      const records = upTo(300).map((n) => numbered(topic, n, { key: keys[n % keys.length] ?? '' }));
      const [first, second] = [records.slice(0, 150), records.slice(150)];
      await Promise.all([producer.publishAll(first), ...second.map((record) => producer.publish(record))]);
      const stored = await readAll(harness.bus, topic);
      for (const key of keys) {
        const ofKey = stored.filter((record) => record.key === key);
        expect(new Set(ofKey.map(({ partition }) => partition))).toEqual(new Set([partitionForKey(key, 4)]));
        expect(ofKey.map(numberOf)).toEqual(upTo(300).filter((n) => keys[n % keys.length] === key));
      }
    });

    it('resolves to the position of each record', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const positions = await producer.publishAll([
        numbered(topic, 0, { partition: 1 }),
        numbered(topic, 1, { partition: 0 }),
        numbered(topic, 2, { partition: 1 }),
      ]);
      const at = (partition: number, offset: bigint) => ({ topic: topic.name, partition, offset });
      expect(positions).toEqual([at(1, 0n), at(0, 0n), at(1, 1n)]);
      expect(await producer.publish(numbered(topic, 3, { partition: 0 }))).toEqual(at(0, 1n));
    });

    it('writes the records of one call without a key to one partition', async () => {
      const topic = await harness.topic({ partitions: 4 });
      const producer = await harness.bus.producer();
      const positions = await producer.publishAll(upTo(50).map((n) => numbered(topic, n)));
      expect(new Set(positions.map(({ partition }) => partition)).size).toBe(1);
    });

    it('stores headers, values and tombstones as they were given', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const headers = { ce_type: 'order.paid', ce_subject: 'Größe ✓', empty: '' };
      await producer.publishAll([
        { topic, key: 'a', headers, value: Buffer.from([0, 255, 1]) },
        { topic, key: 'a', value: null },
      ]);
      const [full, tombstone] = await readAll(harness.bus, topic);
      expect(full).toMatchObject({ key: 'a', headers, value: Buffer.from([0, 255, 1]) });
      expect(tombstone).toMatchObject({ key: 'a', headers: {}, value: null });
    });

    it('gives a record the time that it was made with, else that of the send', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const beganMs = Date.now();
      await producer.publishAll([
        { ...numbered(topic, 1), timestampMs: 1_700_000_000_123 },
        numbered(topic, 2),
      ]);
      const [old, now] = (await readAll(harness.bus, topic)).map(({ timestampMs }) => timestampMs);
      expect(old).toBe(1_700_000_000_123);
      expect(now).toBeGreaterThanOrEqual(beganMs);
    });

    it('ends a wait that is aborted', async () => {
      const topic = await harness.topic();
      const producer = await (await harness.unreachable()).producer();
      const ending = new AbortController();
      const published = producer.publish(numbered(topic, 1), { signal: ending.signal });
      ending.abort();
      await expect(published).rejects.toMatchObject({ code: 'closed' });
      const late = producer.publish(numbered(topic, 2), { signal: ending.signal });
      await expect(late).rejects.toMatchObject({ code: 'closed' });
    });

    it('sends to several topics in one call', async () => {
      const [one, other] = [await harness.topic(), await harness.topic()];
      const producer = await harness.bus.producer();
      await producer.publishAll([numbered(one, 1), numbered(other, 2)]);
      expect((await readAll(harness.bus, one)).map(numberOf)).toEqual([1]);
      expect((await readAll(harness.bus, other)).map(numberOf)).toEqual([2]);
    });

    it('refuses an invalid record without affecting others', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const good = producer.publish(numbered(topic, 1));
      const tooLarge = { topic, key: null, value: Buffer.alloc(1_000_001) };
      await expect(producer.publish(tooLarge)).rejects.toMatchObject({ code: 'payload-too-large' });
      const badHeader = { topic, key: null, headers: { n: 1 as unknown as string }, value: null };
      await expect(producer.publish(badHeader)).rejects.toMatchObject({ code: 'invalid-request' });
      const elsewhere = numbered(topic, 2, { partition: 2 });
      await expect(producer.publish(elsewhere)).rejects.toMatchObject({ code: 'invalid-request' });
      await good;
      expect((await readAll(harness.bus, topic)).map(numberOf)).toEqual([1]);
    });

    it('rejects at the deadline when the brokers do not respond', async () => {
      const topic = await harness.topic();
      const producer = await (await harness.unreachable()).producer();
      const published = producer.publish(numbered(topic, 1), { deadlineMs: 150 });
      await expect(published).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    });

    it('is not writable while its buffer is full, and refuses only publishes with a deadline', async () => {
      const topic = await harness.topic();
      const producer = await (await harness.unreachable()).producer({ maxBufferedRecords: 3 });
      await producer.whenWritable();
      const waiting = upTo(3).map((n) => producer.publish(numbered(topic, n), { deadlineMs: 300 }));
      const settled = Promise.allSettled(waiting);
      let isWritable = false;
      const writable = producer.whenWritable().then(() => {
        isWritable = true;
      });
      const rejected = producer.publish(numbered(topic, 4), { deadlineMs: 60_000 });
      await expect(rejected).rejects.toMatchObject({ code: 'unavailable' });
      expect(isWritable).toBe(false);
      expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      await writable;
    });

    it('sends its buffer before it closes, and refuses records after that', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const published = upTo(20).map((n) => producer.publish(numbered(topic, n, { partition: 0 })));
      await producer.close();
      await Promise.all(published);
      await expect(producer.publish(numbered(topic, 99))).rejects.toMatchObject({ code: 'closed' });
      expect((await readAll(harness.bus, topic)).map(numberOf)).toEqual(upTo(20));
    });
  });
}
