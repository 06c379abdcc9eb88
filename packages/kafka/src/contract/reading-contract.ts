import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncomingRecord, OutgoingRecord, TableOptions } from '../bus.ts';
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

const versioned = (
  topic: OutgoingRecord['topic'],
  key: string,
  change: Readonly<{ version: number; value: string }>,
): OutgoingRecord => ({
  topic,
  key,
  headers: { version: String(change.version) },
  value: Buffer.from(change.value),
});

const decode: TableOptions<string>['decode'] = (record) => {
  if (textOf(record) === 'broken') throw new TypeError('broken');
  return { key: record.key ?? '', version: Number(record.headers['version']), value: textOf(record) };
};

function tableContract(open: OpenHarness): void {
  describe('table', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('is ready with all records of the topic at its start, and follows it', async () => {
      const topic = await harness.topic({ partitions: 2, kind: 'table' });
      const producer = await harness.bus.producer();
      const keys = upTo(50).map((n) => `key-${n}`);
      await producer.publishAll(
        keys.map((key) => versioned(topic, key, { version: 1, value: `${key} one` })),
      );
      const table = await harness.bus.table({ topic, service: 'contract', decode });
      await table.ready();
      expect(table.size()).toBe(50);
      expect([...table.values()].sort()).toEqual(keys.map((key) => `${key} one`).sort());
      await producer.publish(versioned(topic, 'key-7', { version: 2, value: 'two' }));
      await vi.waitFor(() => expect(table.get('key-7')).toBe('two'), longTimeout);
      expect(table.isStale()).toBe(false);
    });

    it('is ready at once when the topic is empty', async () => {
      const topic = await harness.topic({ kind: 'table' });
      const table = await harness.bus.table({ topic, service: 'contract', decode });
      await table.ready();
      expect(table.size()).toBe(0);
    });

    it('ignores older versions, removes by tombstone, skips undecodable records, and reports each change', async () => {
      const topic = await harness.topic({ kind: 'table' });
      const producer = await harness.bus.producer();
      const changes: string[] = [];
      const onChange = (key: string, value: string | undefined) => void changes.push(`${key}=${value}`);
      const table = await harness.bus.table({ topic, service: 'contract', decode, onChange });
      await table.ready();
      await producer.publishAll([
        versioned(topic, 'a', { version: 2, value: 'two' }),
        versioned(topic, 'a', { version: 1, value: 'one' }),
        versioned(topic, 'b', { version: 5, value: 'five' }),
        { topic, key: 'b', value: null },
        versioned(topic, 'b', { version: 4, value: 'four' }),
        { topic, key: 'c', value: Buffer.from('broken') },
        { topic, key: 'never-seen', value: null },
        versioned(topic, 'end', { version: 1, value: 'end' }),
      ]);
      await vi.waitFor(() => expect(table.get('end')).toBe('end'), longTimeout);
      expect(changes).toEqual(['a=two', 'b=five', 'b=undefined', 'end=end']);
      expect(table.get('b')).toBeUndefined();
      expect(table.size()).toBe(2);
    });
  });
}

function readTailContract(open: OpenHarness): void {
  describe('reading a range', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('reads from an offset to before another, in the requested partitions', async () => {
      const topic = await harness.topic({ partitions: 3 });
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(30).map((n) => numbered(topic, n, { partition: n % 3 })));
      const seen: number[] = [];
      await harness.bus.readRange({
        topic,
        partitions: [0, 2],
        from: { offsets: new Map([[0, 4n]]) },
        until: new Map([
          [0, 6n],
          [2, 3n],
        ]),
        service: 'contract',
        onRecord: (record) => void seen.push(numberOf(record)),
      });
      expect(seen.filter((n) => n % 3 === 0)).toEqual([12, 15]);
      expect(seen.filter((n) => n % 3 === 2)).toEqual([2, 5, 8]);
      expect(seen).toHaveLength(5);
    });

    it('reads what the log still has of a range', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(6).map((n) => numbered(topic, n)));
      await harness.expire(topic, 0, 3n);
      const seen: number[] = [];
      await harness.bus.readRange({
        ...{ topic, partitions: [0], from: { offsets: new Map([[0, 1n]]) }, until: new Map([[0, 5n]]) },
        ...{ service: 'contract', onRecord: (record) => void seen.push(numberOf(record)) },
      });
      expect(seen).toEqual([3, 4]);
    });

    it('reads all of a range in fetches that are smaller than a record', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      for (const n of upTo(5)) await producer.publish(numbered(topic, n));
      const seen: number[] = [];
      const onRecord = (record: IncomingRecord) => void seen.push(numberOf(record));
      const range = { topic, partitions: [0], from: { offsets: new Map([[0, 1n]]) } };
      await harness.bus.readRange({ ...range, maxFetchBytes: 1, service: 'contract', onRecord });
      expect(seen).toEqual([1, 2, 3, 4]);
    });

    it('counts the members of a group', async () => {
      const topic = await harness.topic();
      const group = freshName('members');
      expect(await harness.bus.members(group)).toBe(0);
      const runner = await harness.bus.runPartitions({ group, topics: [topic], ...finishing([]) });
      await vi.waitFor(async () => expect(await harness.bus.members(group)).toBe(1), longTimeout);
      await runner.close();
      expect(await harness.bus.members(group)).toBe(0);
    });

    it('reads from a time on, and nothing from a future time', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(3).map((n) => numbered(topic, n)));
      const [first] = await readAll(harness.bus, topic);
      const read = async (timestampMs: number): Promise<number[]> => {
        const seen: number[] = [];
        const onRecord = (record: IncomingRecord) => void seen.push(numberOf(record));
        await harness.bus.readRange({
          topic,
          partitions: [0],
          from: { timestampMs },
          service: 'contract',
          onRecord,
        });
        return seen;
      };
      expect(await read(first?.timestampMs ?? 0)).toEqual([0, 1, 2]);
      expect(await read(Date.now() + 3_600_000)).toEqual([]);
    });

    it('serves several reads of one partition in turn', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(20).map((n) => numbered(topic, n)));
      const reads = await Promise.all(upTo(3).map(() => readAll(harness.bus, topic)));
      for (const records of reads) expect(records.map(numberOf)).toEqual(upTo(20));
    });

    it('rejects when its listener throws', async () => {
      const topic = await harness.topic();
      await (await harness.bus.producer()).publish(numbered(topic, 1));
      const onRecord = () => {
        throw new TypeError('listener');
      };
      const from = { offsets: new Map() };
      const read = harness.bus.readRange({ topic, partitions: [0], from, service: 'contract', onRecord });
      await expect(read).rejects.toThrow('listener');
    });
  });
}

function readRecordsContract(open: OpenHarness): void {
  describe('reading records by position', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('returns the records of the positions, in their order, also of one position twice', async () => {
      const topic = await harness.topic({ partitions: 3 });
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(300).map((n) => numbered(topic, n, { partition: n % 3 })));
      await producer.publish({
        ...numbered(topic, 300, { partition: 1 }),
        key: 'a key',
        headers: { name: 'välue' },
        value: Buffer.from([0xff, 0x00, 0xfe]),
      });
      const at = (partition: number, offset: number) => ({ partition, offset: BigInt(offset) });
      const positions = [at(2, 99), at(0, 0), at(2, 0), at(1, 50), at(1, 49), at(0, 0), at(1, 100)];
      const records = await harness.bus.readRecords({ topic, positions });
      const places = records.map((record) => record && at(record.partition, Number(record.offset)));
      expect(places).toEqual(positions);
      expect(records.slice(0, 6).map((record) => record && numberOf(record))).toEqual([
        299, 0, 2, 151, 148, 0,
      ]);
      expect(records[6]).toMatchObject({ topic: topic.name, key: 'a key', headers: { name: 'välue' } });
      expect(records[6]?.value).toEqual(Buffer.from([0xff, 0x00, 0xfe]));
    });

    it('returns null for what the log has no more and what it has not yet, and the rest', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      // One send each, so that they can expire alone: the log removes whole batches.
      for (const n of upTo(6)) await producer.publish(numbered(topic, n, { partition: 0 }));
      await harness.expire(topic, 0, 4n);
      const positions = upTo(8).map((n) => ({ partition: 0, offset: BigInt(n) }));
      const records = await harness.bus.readRecords({
        topic,
        positions: [...positions, { partition: 1, offset: 0n }],
      });
      expect(records.map((record) => record && numberOf(record))).toEqual([
        ...[null, null, null, null, 4, 5, null, null],
        null,
      ]);
    });

    it('reads many records, and a large one', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const producer = await harness.bus.producer();
      const filler = 'x'.repeat(1_000);
      await producer.publishAll(
        upTo(3_000).map((n) => ({
          ...numbered(topic, n, { partition: n % 2 }),
          value: Buffer.from(`${n} ${filler}`),
        })),
      );
      const large = Buffer.alloc(900_000, 'é');
      const position = await producer.publish({ topic, key: null, partition: 0, value: large });
      const positions = upTo(3_000).map((n) => ({ partition: n % 2, offset: BigInt(Math.floor(n / 2)) }));
      const records = await harness.bus.readRecords({ topic, positions: [...positions, position] });
      expect(records.slice(0, 3_000).map((record) => record && textOf(record).split(' ')[0])).toEqual(
        upTo(3_000).map(String),
      );
      expect(records.at(-1)?.value?.equals(large)).toBe(true);
    });

    it('rejects with `unavailable` when the brokers do not respond, and reads nothing for no positions', async () => {
      const topic = await harness.topic();
      const away = await harness.unreachable();
      const read = away.readRecords({ topic, positions: [{ partition: 0, offset: 0n }] });
      await expect(read).rejects.toMatchObject({ code: 'unavailable' });
      expect(await harness.bus.readRecords({ topic, positions: [] })).toEqual([]);
    });
  });
}

function followContract(open: OpenHarness): void {
  describe('following', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('passes on the records from its start, in order within a partition, beside every group', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const other = await harness.topic();
      const producer = await harness.bus.producer();
      await producer.publishAll(upTo(10).map((n) => numbered(topic, n, { partition: n % 2 })));
      const seen: number[] = [];
      const follower = await harness.bus.follow({
        topics: [topic, other],
        // Two of partition 0 and none of partition 1.
        startAt: ({ partition, highOffset }) => (partition === 0 && highOffset > 0n ? 3n : highOffset),
        service: 'contract',
        onRecords: (records) => void seen.push(...records.map(numberOf)),
      });
      expect(follower.ends).toContainEqual({
        ...{ topic: topic.name, partition: 1 },
        ...{ lowOffset: 0n, highOffset: 5n },
      });
      await producer.publishAll(upTo(10).map((n) => numbered(topic, 10 + n, { partition: n % 2 })));
      await producer.publish(numbered(other, 100));
      await vi.waitFor(() => expect(seen).toHaveLength(13), longTimeout);
      expect(seen.filter((n) => n % 2 === 0 && n < 100)).toEqual([6, 8, 10, 12, 14, 16, 18]);
      expect(seen.filter((n) => n % 2 === 1)).toEqual([11, 13, 15, 17, 19]);
      await follower.close();
      expect(follower.state()).toBe('stopped');
      expect(await harness.bus.ends([other])).toEqual([
        { topic: other.name, partition: 0, lowOffset: 0n, highOffset: 1n },
      ]);
    });
  });
}

function relayContract(open: OpenHarness): void {
  describe('relay', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    it('forwards each record once, in order, when it is due', async () => {
      const delayMs = 400;
      const [rung, target] = [await harness.topic({ kind: 'ladder', partitions: 2 }), await harness.topic()];
      const group = freshName('relay');
      const producer = await harness.bus.producer();
      const forward = (record: IncomingRecord): OutgoingRecord => ({
        topic: target,
        key: null,
        headers: { from: String(record.partition), at: String(record.timestampMs) },
        value: record.value,
      });
      const relay = await harness.bus.relay({ group, rungs: [{ topic: rung, delayMs }], forward });
      await producer.publishAll(upTo(10).map((n) => numbered(rung, n, { partition: n % 2 })));
      await vi.waitFor(
        () => expect(relay.headTimestampMs({ topic: rung.name, partition: 0 })).toBeTypeOf('number'),
        longTimeout,
      );
      expect(await readAll(harness.bus, target)).toEqual([]);
      await producer.publishAll(upTo(10).map((n) => numbered(rung, 10 + n, { partition: n % 2 })));
      await vi.waitFor(async () => expect(await readAll(harness.bus, target)).toHaveLength(20), longTimeout);
      const moved = await readAll(harness.bus, target);
      for (const partition of [0, 1]) {
        const ofPartition = moved.filter(({ headers }) => headers['from'] === String(partition));
        expect(ofPartition.map(numberOf)).toEqual(upTo(20).filter((n) => n % 2 === partition));
      }
      // The rounding of two clocks can subtract one millisecond.
      for (const { timestampMs, headers } of moved) {
        expect(timestampMs - Number(headers['at'])).toBeGreaterThanOrEqual(delayMs - 1);
      }
      await vi.waitFor(
        () => expect(relay.headTimestampMs({ topic: rung.name, partition: 0 })).toBeUndefined(),
        longTimeout,
      );
      await relay.close();

      const again = await harness.bus.relay({ group, rungs: [{ topic: rung, delayMs }], forward });
      await producer.publish(numbered(rung, 20, { partition: 0 }));
      await vi.waitFor(async () => {
        expect((await readAll(harness.bus, target)).map(numberOf)).toContain(20);
      }, longTimeout);
      expect(await readAll(harness.bus, target)).toHaveLength(21);
      await again.close();

      // A group with another name continues where the former one ended.
      const renamed = await harness.bus.relay({
        group: freshName('relay'),
        formerGroup: () => group,
        rungs: [{ topic: rung, delayMs }],
        forward,
      });
      await producer.publish(numbered(rung, 21, { partition: 0 }));
      await vi.waitFor(async () => {
        expect((await readAll(harness.bus, target)).map(numberOf)).toContain(21);
      }, longTimeout);
      expect(await readAll(harness.bus, target)).toHaveLength(22);
      await renamed.close();
    });
  });
}

export function readingContract(open: OpenHarness): void {
  tableContract(open);
  readTailContract(open);
  readRecordsContract(open);
  followContract(open);
  relayContract(open);
}
