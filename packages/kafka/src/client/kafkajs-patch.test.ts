import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// Tests the parts of patches/kafkajs@2.2.4.patch inside kafkajs that no public call exercises alone.
const require = createRequire(import.meta.url);

type Headers = Record<string, string | Buffer | (string | Buffer)[]>;
type RecordFields = Readonly<{
  offsetDelta: number;
  timestampDelta: number;
  key: string | null;
  value: Buffer | null;
  headers: Headers;
}>;
type Decoder = { readVarIntBytes(): Buffer };

const encode = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (fields: RecordFields) => {
  readonly buffer: Buffer;
};
const BufferDecoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => Decoder;
const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as (
  decoder: Decoder,
  batch: object,
) => Readonly<{
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: object;
}>;
const group = require('kafkajs/src/producer/groupMessagesPerPartition.js') as (
  batch: object,
) => Record<number, readonly { readonly partition: number }[]>;
const Connection = require('kafkajs/src/network/connection.js') as new (
  options: object,
) => { connect(): Promise<boolean>; disconnect(): Promise<boolean>; isConnected(): boolean };

const readBack = (bytes: Buffer) =>
  decode(new BufferDecoder(new BufferDecoder(bytes).readVarIntBytes()), {
    firstOffset: '1000',
    firstTimestamp: '1700000000000',
    magicByte: 2,
  });

describe('records as the patch encodes them', () => {
  it('have the bytes that the protocol prescribes', () => {
    const { buffer } = encode({
      offsetDelta: 1,
      timestampDelta: 2,
      key: 'k',
      value: Buffer.from('v!'),
      headers: { h: 'é' },
    });
    // length 14, attributes, timestamp +2, offset +1, key, value, one header; numbers as zigzag varints
    expect(buffer.toString('hex')).toBe('1c00040202' + '6b' + '04' + '7621' + '02' + '0268' + '04c3a9');
  });

  it('are decoded unchanged', () => {
    const headers = fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 300 }), {
      maxKeys: 20,
    });
    const fields = fc.record({
      offsetDelta: fc.nat({ max: 2 ** 30 }),
      timestampDelta: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
      key: fc.option(fc.string()),
      value: fc.option(fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes))),
      headers,
    });
    fc.assert(
      fc.property(fields, (record) => {
        const { offset, timestamp, key, value, headers: read } = readBack(encode(record).buffer);
        expect(Number(offset)).toBe(1_000 + record.offsetDelta);
        expect(Number(timestamp)).toBe(1_700_000_000_000 + record.timestampDelta);
        expect(key?.toString() ?? null).toBe(record.key);
        expect(value).toEqual(record.value);
        const texts = Object.entries(read).map(([name, bytes]) => [name, String(bytes)]);
        expect(texts.sort()).toEqual(Object.entries(record.headers).sort());
      }),
    );
  });

  it('keep every value of a repeated header', () => {
    const { buffer } = encode({
      offsetDelta: 0,
      timestampDelta: 0,
      key: null,
      value: null,
      headers: { a: ['1', '2', '3'] },
    });
    expect(readBack(buffer).headers).toEqual({ a: ['1', '2', '3'].map((text) => Buffer.from(text)) });
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
