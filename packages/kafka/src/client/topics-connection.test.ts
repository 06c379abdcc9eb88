import { createRequire } from 'node:module';
import { silentLogger } from '@tidings/observability';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { arrayOf, BrokerByHand, type Decoder, type Encoder, KafkaEncoder } from './broker-by-hand.ts';
import { TopicsConnection } from './topics-connection.ts';

const require = createRequire(import.meta.url);
const { planBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  planBatch: (
    messages: readonly object[],
    compression: number,
  ) => {
    write(encoder: Encoder, fields: object): void;
  };
};

const [fetchKey, listOffsetsKey, metadataKey] = [1, 2, 3];
const [leaderNotAvailable, storageError, notAuthorized] = [5, 56, 29];
const snappy = 2;

const batch = (): Buffer => {
  const encoder = new KafkaEncoder();
  const fields = { transactional: false, producerId: -1, producerEpoch: 0, firstSequence: 0 };
  planBatch([{ key: 'k', value: Buffer.from('v') }], 0).write(encoder, fields);
  return encoder.buffer;
};

/** A batch that says that it is compressed in a way that this client does not know. */
const unreadableBatch = (): Buffer => {
  const bytes = batch();
  // Base offset 8, length 4, leader epoch 4, magic 1, checksum 4; then the attributes.
  bytes.writeInt16BE(snappy, 21);
  return bytes;
};

/** One broker that leads every partition but `t/1`, of which the tests set what it answers. */
class OneBroker {
  readonly answers = new Map<string, Readonly<{ error?: number; records?: Buffer }>>();
  /** The answers to questions for the end of a partition; default: an end of 1. */
  readonly ends = new Map<string, Readonly<{ error?: number; end?: number }>>();
  fetches: string[][] = [];
  /** The partitions of which it was asked for the end. */
  questions: string[][] = [];
  readonly #broker = new BrokerByHand({
    versions: [
      [fetchKey, 4],
      [listOffsetsKey, 2],
      [metadataKey, 1],
    ],
    answer: (apiKey, request) => this.#answerTo(apiKey, request),
  });

  async listen(): Promise<string> {
    return this.#broker.listen();
  }

  async close(): Promise<void> {
    await this.#broker.close();
  }

  #answerTo(apiKey: number, request: Decoder): Encoder {
    if (apiKey === metadataKey) return this.#metadata(request.readArray((one) => one.readString()));
    if (apiKey === listOffsetsKey) return this.#endsOf(request);
    // Replica, longest wait, least and most bytes, isolation.
    for (let n = 0; n < 4; n += 1) request.readInt32();
    request.readInt8();
    const positions = request.readArray((of) => {
      const topic = of.readString();
      return of.readArray((one) => {
        const partition = one.readInt32();
        one.readInt64();
        one.readInt32();
        return { topic, partition };
      });
    });
    return this.#records(positions.flat());
  }

  #metadata(topics: readonly string[]): Encoder {
    const partition = (topic: string, n: number): Encoder => {
      const isAway = topic === 't' && n === 1;
      return new KafkaEncoder()
        .writeInt16(isAway ? leaderNotAvailable : 0)
        .writeInt32(n)
        .writeInt32(isAway ? -1 : 1)
        .writeInt32(0)
        .writeInt32(0);
    };
    const write = (topic: string): Encoder =>
      new KafkaEncoder()
        .writeInt16(topic === 'missing' ? 3 : 0)
        .writeString(topic)
        .writeBoolean(false)
        .writeEncoder(arrayOf(topic === 'missing' ? [] : [0, 1, 2], (n) => partition(topic, n)));
    const broker = new KafkaEncoder().writeInt32(1).writeString('127.0.0.1').writeInt32(this.#broker.port);
    return new KafkaEncoder()
      .writeEncoder(arrayOf([broker.writeInt16(-1)], (one) => one))
      .writeInt32(1)
      .writeEncoder(arrayOf(topics, write));
  }

  #endsOf(request: Decoder): Encoder {
    request.readInt32();
    request.readInt8();
    const asked = request.readArray((of) => {
      const topic = of.readString();
      const partitions = of.readArray((one) => {
        const partition = one.readInt32();
        one.readInt64();
        return partition;
      });
      return { topic, partitions };
    });
    this.questions.push(asked.flatMap(({ topic, partitions }) => partitions.map((n) => `${topic}/${n}`)));
    const write = ({ topic, partitions }: (typeof asked)[number]): Encoder => {
      const one = (n: number): Encoder => {
        const { error = 0, end = error === 0 ? 1 : -1 } = this.ends.get(`${topic}/${n}`) ?? {};
        return new KafkaEncoder().writeInt32(n).writeInt16(error).writeInt64(-1).writeInt64(end);
      };
      return new KafkaEncoder().writeString(topic).writeEncoder(arrayOf(partitions, one));
    };
    return new KafkaEncoder().writeInt32(0).writeEncoder(arrayOf(asked, write));
  }

  #records(positions: readonly Readonly<{ topic: string; partition: number }>[]): Encoder {
    this.fetches.push(positions.map(({ topic, partition }) => `${topic}/${partition}`));
    const write = ({ topic, partition }: (typeof positions)[number]): Encoder => {
      const { error = 0, records = Buffer.alloc(0) } = this.answers.get(`${topic}/${partition}`) ?? {};
      const answer = new KafkaEncoder().writeInt32(partition).writeInt16(error).writeInt64(1).writeInt64(1);
      return new KafkaEncoder()
        .writeString(topic)
        .writeInt32(1)
        .writeEncoder(answer.writeInt32(0).writeBytes(records));
    };
    return new KafkaEncoder().writeInt32(0).writeEncoder(arrayOf(positions, write));
  }
}

let broker: OneBroker;
let connection: TopicsConnection;

beforeEach(async () => {
  broker = new OneBroker();
  const address = await broker.listen();
  connection = new TopicsConnection({ brokers: [address], clientId: 'test', logger: silentLogger });
  await connection.connect();
});

afterEach(async () => {
  await connection.close();
  await broker.close();
});

const positions = ['t/0', 't/2', 'u/0', 'u/1', 'u/2'].map((name) => {
  const [topic = '', partition] = name.split('/');
  return { topic, partition: Number(partition), offset: 0, isEndKnown: true };
});

/** Fetches everything and returns the number of records of each partition, or the name of its error. */
const fetchAll = async (): Promise<Record<string, unknown>> => {
  const fetched = await connection.fetch('1', () => ({ positions, maxWaitMs: 0 }));
  return Object.fromEntries(
    fetched.map((one) => [
      `${one.topic}/${one.partition}`,
      'error' in one ? ((one.error as { type?: string }).type ?? one.error.message) : one.messages.length,
    ]),
  );
};

it('learns the topics that the brokers have beside a missing one and a partition without a leader', async () => {
  await connection.learn(['t', 'missing']);
  await connection.learn(['t', 'missing', 'u']);
  expect([...connection.partitionsOf('t')]).toEqual([
    [0, '1'],
    [1, undefined],
    [2, '1'],
  ]);
  expect([...connection.partitionsOf('u').keys()]).toEqual([0, 1, 2]);
  expect(connection.partitionsOf('missing').size).toBe(0);
  expect(['t', 'u', 'missing'].map((topic) => connection.problemOf(topic))).toEqual([
    'LEADER_NOT_AVAILABLE',
    undefined,
    'UNKNOWN_TOPIC_OR_PARTITION',
  ]);
});

it('returns the records of each partition beside the errors of others', async () => {
  await connection.learn(['t', 'u']);
  broker.answers.set('t/0', { records: batch() });
  broker.answers.set('t/2', { error: storageError });
  broker.answers.set('u/0', { error: notAuthorized });
  broker.answers.set('u/2', { records: batch() });
  expect(await fetchAll()).toEqual({
    't/0': 1,
    't/2': 'KAFKA_STORAGE_ERROR',
    'u/0': 'TOPIC_AUTHORIZATION_FAILED',
    'u/1': 0,
    'u/2': 1,
  });
  expect(broker.fetches).toHaveLength(1);
});

it('finds the partition whose records cannot be decoded, and returns those of the others', async () => {
  await connection.learn(['t', 'u']);
  for (const name of ['t/0', 't/2', 'u/0', 'u/2']) broker.answers.set(name, { records: batch() });
  broker.answers.set('u/1', { records: unreadableBatch() });
  expect(await fetchAll()).toEqual({
    't/0': 1,
    't/2': 1,
    'u/0': 1,
    'u/1': 'Snappy compression not implemented',
    'u/2': 1,
  });
});

/** Fetches everything, of which the ends of t/0, t/2 and u/1 are not known, and returns the ends. */
const fetchEnds = async (): Promise<Record<string, number | undefined>> => {
  const isUnsure = (name: string): boolean => ['t/0', 't/2', 'u/1'].includes(name);
  const planned = positions.map((one) => ({
    ...one,
    isEndKnown: !isUnsure(`${one.topic}/${one.partition}`),
  }));
  const fetched = await connection.fetch('1', () => ({ positions: planned, maxWaitMs: 0 }));
  return Object.fromEntries(
    fetched.flatMap((one) => ('error' in one ? [] : [[`${one.topic}/${one.partition}`, one.end]])),
  );
};

it('asks a leader once for the ends that it has not told yet, and for no others', async () => {
  await connection.learn(['t', 'u']);
  // What it answers to fetches ends at 1: its followers have not fetched from it yet.
  broker.ends.set('t/0', { end: 6 });
  broker.ends.set('u/1', { end: 3 });
  expect(await fetchEnds()).toEqual({ 't/0': 6, 't/2': 1, 'u/0': 1, 'u/1': 3, 'u/2': 1 });
  expect(broker.questions).toEqual([['t/0', 't/2', 'u/1']]);
  await fetchAll();
  expect(broker.questions).toHaveLength(1);
});

it('returns no end of a partition whose new leader cannot tell it yet, beside those of the others', async () => {
  await connection.learn(['t', 'u']);
  broker.answers.set('t/0', { records: batch() });
  broker.ends.set('t/0', { error: leaderNotAvailable });
  broker.ends.set('u/1', { end: 3 });
  expect(await fetchEnds()).toEqual({ 't/0': undefined, 't/2': 1, 'u/0': 1, 'u/1': 3, 'u/2': 1 });
  expect(await fetchAll()).toMatchObject({ 't/0': 1 });
  await expect(connection.rangeOf('t', 0)).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
  broker.ends.set('t/0', { end: 6 });
  expect(await fetchEnds()).toMatchObject({ 't/0': 6 });
});
