import type { TopicDefinition } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import kafkajs from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingRecord } from '../bus.ts';
import { KafkaProducer } from './kafka-producer.ts';
import type { PartitionSlice } from './record-buffer.ts';
import type { SendTransport, SentPartitions } from './send-loop.ts';

const topic: TopicDefinition = { name: 'work', kind: 'work', partitions: 3, key: 'any', config: {} };
const record = (number: number, partition?: number): OutgoingRecord => ({
  topic,
  key: null,
  value: Buffer.from(String(number)),
  ...(partition === undefined ? {} : { partition }),
});

/** A send as the transport received it: `partition: numbers`. */
type Call = Readonly<{ parts: Record<number, number[]>; answer: (result: SentPartitions | Error) => void }>;

/** Creates a broker that responds when the test triggers it, and stores what it acknowledged. */
function brokerByHand() {
  const calls: Call[] = [];
  const log = new Map<number, number[]>();
  const transport: SendTransport = {
    partitionCount: async () => 3,
    close: async () => {},
    send: async (slices: readonly PartitionSlice[]) => {
      const parts = Object.fromEntries(
        slices.map(({ queue, records }) => [
          queue.partition,
          records.map(({ message }) => Number(message.value?.toString())),
        ]),
      );
      return new Promise<SentPartitions>((resolve, reject) => {
        const answer = (result: SentPartitions | Error) =>
          result instanceof Error ? reject(result) : resolve(result);
        calls.push({ parts, answer });
      });
    },
  };
  const acknowledge = (call: Call | undefined, partitions?: number[]) => {
    const sent = Object.entries(call?.parts ?? {})
      .map(([partition, numbers]) => ({ partition: Number(partition), numbers }))
      .filter(({ partition }) => partitions?.includes(partition) ?? true)
      .map(({ partition, numbers }) => {
        const stored = log.get(partition) ?? [];
        log.set(partition, stored);
        const baseOffset = String(stored.length);
        stored.push(...numbers);
        return { topic: topic.name, partition, baseOffset };
      });
    call?.answer(sent);
  };
  return { calls, log, transport, acknowledge };
}

const timeout = (): Error =>
  new kafkajs.KafkaJSNumberOfRetriesExceeded(new Error('not leader'), { retryCount: 0, retryTime: 0 });
const rejection = (): Error => {
  const error = new kafkajs.KafkaJSProtocolError(new Error('too large'));
  return Object.assign(error, { type: 'MESSAGE_TOO_LARGE' });
};

describe('producer', () => {
  let clock: FakeClock;
  let broker: ReturnType<typeof brokerByHand>;
  let producer: KafkaProducer;
  beforeEach(() => {
    clock = fakeClock();
    broker = brokerByHand();
    producer = new KafkaProducer({ transport: broker.transport, clock, logger: silentLogger });
  });

  it('sends at once when nothing is in flight, then what was buffered meanwhile', async () => {
    const published = [producer.publish(record(0, 0))];
    await clock.advance(0);
    published.push(...[1, 2, 3].map((n) => producer.publish(record(n, n % 2))));
    await clock.advance(0);
    expect(broker.calls.map(({ parts }) => parts)).toEqual([{ 0: [0] }]);
    broker.acknowledge(broker.calls[0]);
    await clock.advance(0);
    expect(broker.calls[1]?.parts).toEqual({ 0: [2], 1: [1, 3] });
    broker.acknowledge(broker.calls[1]);
    expect((await Promise.all(published)).map(({ offset }) => offset)).toEqual([0n, 0n, 1n, 1n]);
  });

  it('puts at most 500 records into a send', async () => {
    const published = producer.publishAll(Array.from({ length: 1_200 }, (_, n) => record(n, 0)));
    for (const size of [500, 500, 200]) {
      await clock.advance(0);
      const call = broker.calls.at(-1);
      expect(call?.parts[0]).toHaveLength(size);
      broker.acknowledge(call);
    }
    expect(await published).toHaveLength(1_200);
  });

  it('puts at most 512 KB into a send, but always one record', async () => {
    const large = { ...record(0, 0), value: Buffer.alloc(400_000) };
    const larger = { ...record(0, 0), value: Buffer.alloc(900_000) };
    const published = producer.publishAll([larger, large, large]);
    for (let send = 0; send < 3; send += 1) {
      await clock.advance(0);
      expect(broker.calls).toHaveLength(send + 1);
      expect(broker.calls[send]?.parts[0]).toHaveLength(1);
      broker.acknowledge(broker.calls[send]);
    }
    await published;
  });

  it('keeps records without a key on one partition until they were sent, then takes the next', async () => {
    const first = producer.publishAll([record(0), record(1)]);
    await clock.advance(0);
    const second = producer.publishAll([record(2), record(3)]);
    broker.acknowledge(broker.calls[0]);
    await clock.advance(0);
    broker.acknowledge(broker.calls[1]);
    const [one, two] = [await first, await second];
    expect(new Set(one.map(({ partition }) => partition)).size).toBe(1);
    expect(new Set(two.map(({ partition }) => partition)).size).toBe(1);
    expect(one[0]?.partition).not.toBe(two[0]?.partition);
  });

  it('repeats each partition of a failed send alone, delaying later records of that partition only', async () => {
    const published = [producer.publishAll([record(0, 0), record(1, 1), record(2, 0)])];
    await clock.advance(0);
    broker.calls[0]?.answer(timeout());
    await clock.advance(0);
    published.push(producer.publishAll([record(3, 0), record(4, 2)]));
    await clock.advance(0);
    // Partition 2 was not in the failed send.
    expect(broker.calls[1]?.parts).toEqual({ 2: [4] });
    broker.acknowledge(broker.calls[1]);
    await clock.advance(150);
    expect(broker.calls.slice(2).map(({ parts }) => parts)).toEqual(
      expect.arrayContaining([{ 0: [0, 2] }, { 1: [1] }]),
    );
    for (const call of broker.calls.slice(2)) broker.acknowledge(call);
    await clock.advance(0);
    expect(broker.calls.at(-1)?.parts).toEqual({ 0: [3] });
    broker.acknowledge(broker.calls.at(-1));
    await Promise.all(published);
    expect(broker.log.get(0)).toEqual([0, 2, 3]);
  });

  it('repeats a send without a deadline until it succeeds', async () => {
    const published = producer.publish(record(0, 0));
    await clock.advance(0);
    for (let failure = 0; failure < 20; failure += 1) {
      broker.calls.at(-1)?.answer(timeout());
      await clock.advance(2_000);
    }
    expect(broker.calls).toHaveLength(21);
    broker.acknowledge(broker.calls.at(-1));
    await expect(published).resolves.toMatchObject({ partition: 0 });
  });

  it('does not treat a response without a partition as an acknowledgement of it', async () => {
    const published = producer.publishAll([record(0, 0), record(1, 1)]);
    await clock.advance(0);
    broker.acknowledge(broker.calls[0], [0]);
    await clock.advance(150);
    expect(broker.calls[1]?.parts).toEqual({ 1: [1] });
    broker.acknowledge(broker.calls[1]);
    await published;
    expect(broker.log).toEqual(
      new Map([
        [0, [0]],
        [1, [1]],
      ]),
    );
  });

  it('leaves records whose deadline has passed out of the next retry', async () => {
    // Earlier than the shortest back-off.
    const given = producer.publish(record(0, 0), { deadlineMs: 50 });
    const kept = producer.publish(record(1, 0));
    const rejected = expect(given).rejects.toMatchObject({ code: 'unavailable' });
    await clock.advance(0);
    broker.calls[0]?.answer(timeout());
    await clock.advance(150);
    await rejected;
    expect(broker.calls[1]?.parts).toEqual({ 0: [1] });
    broker.acknowledge(broker.calls[1]);
    await kept;
  });

  it('rejects only the record that the broker refuses', async () => {
    const published = [0, 1, 2, 3, 4].map((n) => producer.publish(record(n, 0)));
    const settled = Promise.allSettled(published);
    await clock.advance(0);
    for (let at = 0; at < broker.calls.length; at += 1) {
      const call = broker.calls[at];
      if (call?.parts[0]?.includes(3)) call.answer(rejection());
      else broker.acknowledge(call);
      await clock.advance(0);
    }
    expect((await settled).map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      true,
      false,
      true,
    ]);
    await expect(published[3]).rejects.toMatchObject({ code: 'unprocessable' });
    expect(broker.log.get(0)).toEqual([0, 1, 2, 4]);
  });

  it('does not reject a record for the refusal of a send with other partitions', async () => {
    const published = producer.publishAll([record(0, 0), record(1, 1)]);
    await clock.advance(0);
    broker.calls[0]?.answer(rejection());
    await clock.advance(0);
    for (const call of broker.calls.slice(1)) broker.acknowledge(call);
    await published;
    expect(broker.log).toEqual(
      new Map([
        [0, [0]],
        [1, [1]],
      ]),
    );
  });

  it('sends other partitions while a send hangs', async () => {
    const hanging = producer.publish(record(0, 0));
    await clock.advance(0);
    const other = producer.publish(record(1, 1));
    const behind = producer.publish(record(2, 0));
    await clock.advance(499);
    expect(broker.calls).toHaveLength(1);
    await clock.advance(1);
    expect(broker.calls[1]?.parts).toEqual({ 1: [1] });
    broker.acknowledge(broker.calls[1]);
    await other;
    broker.acknowledge(broker.calls[0]);
    await clock.advance(0);
    broker.acknowledge(broker.calls[2]);
    await Promise.all([hanging, behind]);
    expect(broker.log.get(0)).toEqual([0, 2]);
  });

  it('sends records buffered during a slow send without a further publish', async () => {
    const first = producer.publish(record(1, 0));
    await clock.advance(0);
    const second = producer.publish(record(2, 0));
    await clock.advance(5_000);
    broker.acknowledge(broker.calls[0]);
    await first;
    await clock.advance(0);
    expect(broker.calls.map(({ parts }) => parts)).toEqual([{ 0: [1] }, { 0: [2] }]);
    broker.acknowledge(broker.calls[1]);
    expect((await second).offset).toBe(1n);
  });

  it('ends its retries when it closes', async () => {
    const published = producer.publish(record(0, 0));
    const rejected = expect(published).rejects.toMatchObject({ code: 'closed' });
    await clock.advance(0);
    broker.calls[0]?.answer(timeout());
    const closing = producer.close();
    for (let second = 0; second < 10; second += 1) {
      await clock.advance(1_000);
      if (broker.calls.length > 1) broker.calls.at(-1)?.answer(timeout());
    }
    await clock.advance(0);
    await closing;
    await rejected;
    expect(clock.pendingTimers).toBe(0);
  });
});
