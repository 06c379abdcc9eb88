import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registerLz4 } from './lz4-codec.ts';

// Tests the parts of patches/kafkajs@2.2.4.patch inside kafkajs that no public call exercises alone.
const require = createRequire(import.meta.url);

type Headers = Record<string, string | Buffer | (string | Buffer)[]>;
type Fields = Readonly<{ key: string | null; value: Buffer | null; timestamp: string; headers: Headers }>;
type Read = Readonly<{
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: object;
}>;
type Encoded = { readonly buffer: Buffer; size(): number };
type Request = Readonly<{ apiKey: number; apiVersion: number; encode: () => Promise<Encoded> }>;

const [uncompressed, lz4] = [0, 3];
const batchOverhead = 61;

const produce = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (fields: object) => Request;
const frame = require('kafkajs/src/protocol/request.js') as (fields: object) => Promise<Encoded>;
const BufferDecoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js') as (
  decoder: object,
) => Promise<readonly Read[]>;
const group = require('kafkajs/src/producer/groupMessagesPerPartition.js') as (
  batch: object,
) => Record<number, readonly { readonly partition: number }[]>;
const Connection = require('kafkajs/src/network/connection.js') as new (
  options: object,
) => { connect(): Promise<boolean>; disconnect(): Promise<boolean>; isConnected(): boolean };

const requestOf = (messages: readonly Fields[], compression: number): Request =>
  produce({
    acks: -1,
    timeout: 1_000,
    compression,
    topicData: [{ topic: 't', partitions: [{ partition: 7, messages, firstSequence: 0 }] }],
  });

/** The size and the batch of the only partition, as they stand in a produce request. */
const batchOf = async (messages: readonly Fields[], compression = uncompressed): Promise<Buffer> => {
  const { buffer } = await requestOf(messages, compression).encode();
  // No transaction 2, acks 2, timeout 4, one topic 4, its name 3, one partition 4, its number 4.
  return buffer.subarray(23);
};

const readBack = async (bytes: Buffer) => decodeMessages(new BufferDecoder(bytes));

describe('records as the patch encodes them', () => {
  it('have the bytes that the protocol prescribes', async () => {
    const bytes = await batchOf([
      { key: null, value: null, timestamp: '1000', headers: {} },
      { key: 'k', value: Buffer.from('v!'), timestamp: '1002', headers: { h: 'é' } },
    ]);
    const records = bytes.subarray(4 + batchOverhead).toString('hex');
    // Length, attributes, timestamp, offset, key, value, number of headers; numbers as zigzag varints.
    const first = '0c' + '00' + '00' + '00' + '01' + '01' + '00';
    // Length 14, attributes, timestamp +2, offset +1, key, value, one header.
    expect(records).toBe(`${first}1c000402026b04762102026804c3a9`);
    expect(bytes.readInt32BE(0)).toBe(bytes.length - 4);
  });

  it.each([uncompressed, lz4])('are decoded unchanged, codec %i', async (compression) => {
    registerLz4();
    const headers = fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 300 }), {
      maxKeys: 20,
    });
    const fields = fc.record({
      key: fc.option(fc.string()),
      value: fc.option(fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes))),
      timestamp: fc.nat({ max: 2 ** 46 }).map(String),
      headers,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 20 }), async (messages) => {
        const read = await readBack(await batchOf(messages, compression));
        expect(read).toHaveLength(messages.length);
        for (const [index, record] of read.entries()) {
          const message = messages[index];
          expect(Number(record.offset)).toBe(index);
          expect(record.timestamp).toBe(message?.timestamp);
          expect(record.key?.toString() ?? null).toBe(message?.key);
          expect(record.value).toEqual(message?.value);
          const texts = Object.entries(record.headers).map(([name, bytes]) => [name, String(bytes)]);
          expect(texts.sort()).toEqual(Object.entries(message?.headers ?? {}).sort());
        }
      }),
    );
  });

  it('keep every value of a repeated header', async () => {
    const headers = { a: ['1', '2', '3'] };
    const [read] = await readBack(await batchOf([{ key: null, value: null, timestamp: '0', headers }]));
    expect(read?.headers).toEqual({ a: ['1', '2', '3'].map((text) => Buffer.from(text)) });
  });

  it('follow the header of their request, however long the client id is', async () => {
    const messages = [{ key: 'k', value: Buffer.from('v'), timestamp: '0', headers: {} }];
    const { buffer: body } = await requestOf(messages, uncompressed).encode();
    for (const clientId of ['c', 'c'.repeat(114), 'c'.repeat(115), 'é'.repeat(500)]) {
      const { buffer } = await frame({
        correlationId: 9,
        clientId,
        request: requestOf(messages, uncompressed),
      });
      const length = Buffer.byteLength(clientId);
      expect(buffer.readInt32BE(0)).toBe(buffer.length - 4);
      expect([buffer.readInt16BE(4), buffer.readInt16BE(6), buffer.readInt32BE(8)]).toEqual([0, 7, 9]);
      expect(buffer.subarray(14, 14 + length).toString()).toBe(clientId);
      expect(buffer.readInt16BE(12)).toBe(length);
      expect(buffer.subarray(14 + length)).toEqual(body);
    }
  });

  it('stay in order when they are grouped', () => {
    const messages = Array.from({ length: 5_000 }, (_, n) => ({ partition: n % 2, n }));
    const partitioner = ({ message }: { readonly message: { readonly partition: number } }) =>
      message.partition;
    const grouped = group({ topic: 't', partitionMetadata: [{}, {}], messages, partitioner });
    expect(grouped[0]).toEqual(messages.filter(({ partition }) => partition === 0));
    expect(grouped[1]).toEqual(messages.filter(({ partition }) => partition === 1));
  });
});

/** A socket that connects when the test triggers it. */
class FakeSocket extends EventEmitter {
  isDestroyed = false;
  readonly onConnect: () => void;

  constructor(onConnect: () => void) {
    super();
    this.onConnect = onConnect;
  }

  end(): void {}

  unref(): void {}

  destroy(): void {
    this.isDestroyed = true;
  }
}

describe('a connection of the patched client', () => {
  const nothing = () => {};
  const logger = { debug: nothing, error: nothing, warn: nothing, info: nothing, namespace: () => logger };
  const open = () => {
    const sockets: FakeSocket[] = [];
    const socketFactory = ({ onConnect }: { readonly onConnect: () => void }) => {
      const socket = new FakeSocket(onConnect);
      sockets.push(socket);
      return socket;
    };
    const options = {
      host: 'h',
      port: 1,
      logger,
      socketFactory,
      requestTimeout: 1_000,
      connectionTimeout: 1_000,
    };
    return { sockets, connection: new Connection(options) };
  };

  it('opens one socket for any number of waiting callers', async () => {
    const { sockets, connection } = open();
    const waiting = [connection.connect(), connection.connect(), connection.connect()];
    expect(sockets).toHaveLength(1);
    sockets[0]?.onConnect();
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    await connection.disconnect();
  });

  it('is not ended by late data of the previous socket', async () => {
    const { sockets, connection } = open();
    const first = connection.connect();
    sockets[0]?.onConnect();
    await first;
    await connection.disconnect();
    const second = connection.connect();
    sockets[1]?.onConnect();
    await second;
    sockets[0]?.emit('end');
    sockets[0]?.emit('error', new Error('late'));
    expect(connection.isConnected()).toBe(true);
    await connection.disconnect();
  });

  it('fails waiting callers when the server closes before it is open', async () => {
    const { sockets, connection } = open();
    const waiting = connection.connect();
    sockets[0]?.emit('end');
    await expect(waiting).rejects.toThrow('Closed connection');
  });
});

describe('an admin of the patched client', () => {
  const createAdmin = require('kafkajs/src/admin/index.js') as (
    options: object,
  ) => Readonly<
    Record<'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp', (topic: string) => Promise<unknown>>
  >;

  it.each([
    ['fetchTopicOffsets', { partition: 0, offset: '7', high: '7', low: '7' }],
    ['fetchTopicOffsetsByTimestamp', { partition: 0, offset: '7' }],
  ] as const)(
    '%s requests a topic again that the current metadata does not contain',
    async (measure, answer) => {
      let refreshes = 0;
      let requests = 0;
      const cluster = {
        addTargetTopic: async () => {},
        refreshMetadataIfNecessary: async () => {},
        findTopicPartitionMetadata: () => [{ partitionId: 0 }],
        refreshMetadata: async () => {
          refreshes += 1;
        },
        // The metadata after another topic's refresh lacks this topic: before the first request, then between two.
        fetchTopicsOffset: async ([{ topic, partitions }]: [
          { topic: string; partitions: readonly object[] },
        ]) => {
          requests += 1;
          if (requests === 1 || requests === 3) return [];
          return [{ topic, partitions: partitions.map((one) => ({ ...one, offset: '7' })) }];
        },
      };
      const logger = { namespace: () => logger };
      const admin = createAdmin({ logger, cluster, retry: { initialRetryTime: 1, retries: 3 } });
      expect(await admin[measure]('t')).toEqual([answer]);
      expect(refreshes).toBe(2);
    },
  );
});
