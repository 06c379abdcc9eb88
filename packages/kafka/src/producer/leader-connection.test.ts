import { silentLogger } from '@tidings/observability';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf, BrokerByHand, type Decoder, type Encoder, KafkaEncoder } from '../client/broker-by-hand.ts';
import { registerLz4 } from '../client/lz4-codec.ts';
import { LeaderConnection } from './leader-connection.ts';
import type { ProduceBody } from './produce-request.ts';
import { encodeBatch, type RecordBatch } from './record-batch.ts';

const [produceKey, metadataKey] = [0, 3];
const [notLeader, tooLarge] = [6, 10];

/** Two brokers that lead the partitions of the topics `t` and `u`, as the test says. */
class TwoBrokers {
  /** The leaders of the partitions 0 and 1 of both topics. */
  leaders: [number, number] = [1, 2];
  /** The partitions of each request that a broker got. */
  readonly written: string[][] = [];
  /** Errors of the next answers by partition. */
  readonly errors = new Map<string, number>();
  /** The number of produce requests before which a broker closes the connection. */
  closing = 0;
  metadataRequests = 0;
  readonly #brokers = [1, 2].map(
    (id) =>
      new BrokerByHand({
        versions: [
          [produceKey, 7],
          [metadataKey, 1],
        ],
        answer: (apiKey, request) =>
          apiKey === metadataKey ? this.#metadata(request) : this.#write(id, request),
      }),
  );

  async listen(): Promise<readonly string[]> {
    return Promise.all(this.#brokers.map(async (broker) => broker.listen()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#brokers.map(async (broker) => broker.close()));
  }

  #metadata(request: Decoder): Encoder {
    this.metadataRequests += 1;
    const topics = request.readArray((one) => one.readString());
    const brokers = arrayOf([...this.#brokers.entries()], ([at, { port }]) =>
      new KafkaEncoder()
        .writeInt32(at + 1)
        .writeString('127.0.0.1')
        .writeInt32(port)
        .writeInt16(-1),
    );
    const partition = (leader: number, n: number): Encoder =>
      new KafkaEncoder().writeInt16(0).writeInt32(n).writeInt32(leader).writeInt32(0).writeInt32(0);
    const write = (topic: string): Encoder =>
      new KafkaEncoder()
        .writeInt16(0)
        .writeString(topic)
        .writeBoolean(false)
        .writeEncoder(arrayOf([...this.leaders.entries()], ([n, leader]) => partition(leader, n)));
    return new KafkaEncoder().writeEncoder(brokers).writeInt32(1).writeEncoder(arrayOf(topics, write));
  }

  #write(id: number, request: Decoder): Encoder | null {
    if (this.closing > 0) {
      this.closing -= 1;
      return null;
    }
    request.readInt16(); // no transaction
    request.readInt16();
    request.readInt32();
    const topics = request.readArray((of) => {
      const topic = of.readString();
      const partitions = of.readArray((one) => {
        const partition = one.readInt32();
        one.readBytes();
        return partition;
      });
      return { topic, partitions };
    });
    const names = topics.flatMap(({ topic, partitions }) => partitions.map((n) => `${topic}/${n}`));
    this.written.push([`broker ${id}`, ...names]);
    const answer = (topic: string, n: number): Encoder => {
      const error = this.errors.get(`${topic}/${n}`) ?? 0;
      this.errors.delete(`${topic}/${n}`);
      return new KafkaEncoder()
        .writeInt32(n)
        .writeInt16(error)
        .writeInt64(40 + n)
        .writeInt64(-1)
        .writeInt64(0);
    };
    const write = ({ topic, partitions }: (typeof topics)[number]): Encoder =>
      new KafkaEncoder().writeString(topic).writeEncoder(arrayOf(partitions, (n) => answer(topic, n)));
    return new KafkaEncoder().writeEncoder(arrayOf(topics, write)).writeInt32(0);
  }
}

describe('a connection to the leaders', () => {
  let brokers: TwoBrokers;
  let connection: LeaderConnection;
  let batch: RecordBatch;

  beforeEach(async () => {
    registerLz4();
    brokers = new TwoBrokers();
    const addresses = await brokers.listen();
    connection = new LeaderConnection({ brokers: addresses, clientId: 'test', logger: silentLogger }, 1_000);
    batch = await encodeBatch([{ key: 'k', value: Buffer.from('v'), timestamp: '1' }]);
  });

  afterEach(async () => {
    await connection.close();
    await brokers.close();
  });

  const to = (...places: readonly string[]): ProduceBody => {
    const topics = [...new Set(places.map((place) => place.split('/')[0] ?? ''))];
    return topics.map((topic) => ({
      topic,
      partitions: places
        .filter((place) => place.startsWith(`${topic}/`))
        .map((place) => ({ partition: Number(place.split('/')[1]), batch })),
    }));
  };

  it('sends one request to each leader, with what it leads of all topics', async () => {
    const sent = await connection.send(to('t/0', 't/1', 'u/0'));
    expect(brokers.written.toSorted()).toEqual([
      ['broker 1', 't/0', 'u/0'],
      ['broker 2', 't/1'],
    ]);
    expect(sent.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)).toEqual([
      { topic: 't', partition: 0, baseOffset: '40' },
      { topic: 't', partition: 1, baseOffset: '41' },
      { topic: 'u', partition: 0, baseOffset: '40' },
    ]);
  });

  it('asks for metadata only for topics that it does not know', async () => {
    await connection.send(to('t/0'));
    const asked = brokers.metadataRequests;
    await connection.send(to('t/1'));
    expect(brokers.metadataRequests).toBe(asked);
    await connection.send(to('u/0'));
    expect(brokers.metadataRequests).toBe(asked + 1);
  });

  it('leaves out what the metadata do not have', async () => {
    expect(await connection.send(to('t/0', 't/7'))).toEqual([{ topic: 't', partition: 0, baseOffset: '40' }]);
    expect(await connection.send(to('t/7'))).toEqual([]);
  });

  it('rejects when a leader has moved, and sends to the new one then', async () => {
    await connection.send(to('t/0'));
    brokers.leaders = [2, 2];
    brokers.errors.set('t/0', notLeader);
    await expect(connection.send(to('t/0'))).rejects.toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });
    await connection.send(to('t/0'));
    expect(brokers.written.map(([broker]) => broker)).toEqual(['broker 1', 'broker 1', 'broker 2']);
  });

  it('rejects with what a broker says of the records', async () => {
    brokers.errors.set('t/1', tooLarge);
    await expect(connection.send(to('t/0', 't/1'))).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  });

  it('rejects when its connection is closed, and connects again for the next send', async () => {
    await connection.send(to('t/0'));
    brokers.closing = 1;
    await expect(connection.send(to('t/0'))).rejects.toMatchObject({ name: 'KafkaJSConnectionClosedError' });
    expect(await connection.send(to('t/0'))).toHaveLength(1);
  });

  it('sends nothing after it is closed', async () => {
    await connection.send(to('t/0'));
    await connection.close();
    await expect(connection.send(to('t/0'))).rejects.toThrow('closed');
    expect(brokers.written).toHaveLength(1);
  });
});
