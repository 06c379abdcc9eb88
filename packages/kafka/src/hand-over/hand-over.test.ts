import type { TopicDefinition } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, expect, it } from 'vitest';
import type { IncomingRecord } from '../bus.ts';
import { KafkaProducer } from '../producer/kafka-producer.ts';
import type { SentPartitions } from '../producer/send-loop.ts';
import { HandOver } from './hand-over.ts';

const topic: TopicDefinition = { name: 'work', kind: 'work', partitions: 2, key: 'any', config: {} };

/** Answers of the brokers, in the order of the sends; the test gives them. `partition`: the first one of the send. */
type Answer = Readonly<{
  partition: number | undefined;
  resolve: (sent: SentPartitions) => void;
  reject: (error: Error) => void;
}>;

let clock: FakeClock;
let answers: Answer[];
let appended: IncomingRecord[];
let unknown: number[];
let handOver: HandOver;
let producer: KafkaProducer;
beforeEach(() => {
  clock = fakeClock();
  answers = [];
  appended = [];
  unknown = [];
  handOver = new HandOver();
  const listener = {
    onAppended: ({ records }: { readonly records: () => readonly IncomingRecord[] }) =>
      void appended.push(...records()),
    onUnknown: ({ partition }: { readonly partition: number }) => void unknown.push(partition),
  };
  handOver.listen([topic.name], listener);
  producer = new KafkaProducer({
    transport: {
      partitionCount: async () => 2,
      close: async () => {},
      send: async ([slice]) =>
        new Promise(
          (resolve, reject) => void answers.push({ partition: slice?.queue.partition, resolve, reject }),
        ),
    },
    ...{ clock, handOver, logger: silentLogger },
  });
});

const record = (text: string, partition = 0) => ({ topic, partition, key: text, value: Buffer.from(text) });
const at = (baseOffset: string, logAppendTimeMs?: number): SentPartitions => [
  { topic: topic.name, partition: 0, baseOffset, ...(logAppendTimeMs !== undefined && { logAppendTimeMs }) },
];

it('hands over the records of a send when it is acknowledged, and not before', async () => {
  const published = producer.publishAll([record('a'), { ...record('b'), timestampMs: 7 }]);
  await clock.advance(0);
  const sentMs = clock.nowMs();
  await clock.advance(5);
  expect(appended).toEqual([]);
  answers[0]?.resolve(at('41'));
  expect(await published).toHaveLength(2);
  const common = { topic: 'work', partition: 0, headers: {} };
  expect(appended).toEqual([
    { ...common, offset: 41n, timestampMs: sentMs, key: 'a', value: Buffer.from('a') },
    { ...common, offset: 42n, timestampMs: 7, key: 'b', value: Buffer.from('b') },
  ]);
});

it('gives records the time of the broker where it keeps its own', async () => {
  const published = producer.publish(record('a'));
  await clock.advance(0);
  answers[0]?.resolve(at('0', 1_700_000_000_123));
  await published;
  expect(appended).toMatchObject([{ timestampMs: 1_700_000_000_123 }]);
});

it('reports a failed send, hands nothing of it over, and hands over its repeat', async () => {
  const published = producer.publishAll([record('a'), record('b', 1)]);
  await clock.advance(0);
  answers[0]?.reject(new Error('no answer'));
  await clock.advance(0);
  expect(unknown).toEqual([0, 1]);
  expect(appended).toEqual([]);
  await clock.advance(1_000);
  // Partitions repeat on their own, at times that they draw.
  const repeatOf = (partition: number) => answers.slice(1).find((answer) => answer.partition === partition);
  repeatOf(0)?.resolve(at('9'));
  await clock.advance(0);
  expect(appended).toMatchObject([{ partition: 0, offset: 9n }]);
  repeatOf(1)?.resolve([{ topic: 'work', partition: 1, baseOffset: '3' }]);
  await published;
  expect(appended).toMatchObject([{ offset: 9n }, { partition: 1, offset: 3n }]);
});

it('keeps nothing of what a value is part of, and does not copy a value of its own', async () => {
  const batch = Buffer.alloc(4 * 1024 * 1024, 'a request of many events ');
  const [part, whole] = [batch.subarray(1_000, 2_000), Buffer.alloc(20_000)];
  const published = producer.publishAll([
    { ...record('a'), value: part },
    { ...record('b'), value: whole },
    { ...record('c'), value: null },
  ]);
  await clock.advance(0);
  answers[0]?.resolve(at('0'));
  await published;
  expect(appended.map(({ value }) => value)).toEqual([part, whole, null]);
  expect(appended[0]?.value?.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
  expect(appended[1]?.value).toBe(whole);
});
