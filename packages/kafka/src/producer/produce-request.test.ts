import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { registerLz4 } from '../client/lz4-codec.ts';
import { decodeProduced, encodeProduce, produceVersions } from './produce-request.ts';
import { encodeBatch } from './record-batch.ts';

// What kafkajs writes and reads itself is the reference: the bus contract shows that brokers accept that.
const require = createRequire(import.meta.url);
type Encoded = { readonly buffer: Buffer };
const produce = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (fields: object) => object;
const frame = require('kafkajs/src/protocol/request.js') as (fields: object) => Promise<Encoded>;
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => {
  readonly buffer: Buffer;
  writeInt16(value: number): object;
  writeInt32(value: number): object;
  writeInt64(value: string): object;
  writeString(value: string): object;
};

const lz4 = 3;
const apiVersion = produceVersions.max;

type Part = Readonly<{ partition: number; messages: readonly Message[] }>;
type Topic = Readonly<{ topic: string; parts: readonly Part[] }>;

const expected = async (clientId: string, correlationId: number, topics: readonly Topic[]) => {
  registerLz4();
  const topicData = topics.map(({ topic, parts }) => ({
    topic,
    partitions: parts.map((part) => ({ ...part, firstSequence: 0 })),
  }));
  const request = produce({ acks: -1, timeout: 1_234, compression: lz4, topicData });
  return (await frame({ request, correlationId, clientId })).buffer;
};

const encoded = async (clientId: string, correlationId: number, topics: readonly Topic[]) => {
  const body = await Promise.all(
    topics.map(async ({ topic, parts }) => ({
      topic,
      partitions: await Promise.all(
        parts.map(async ({ partition, messages }) => ({ partition, batch: await encodeBatch(messages) })),
      ),
    })),
  );
  return encodeProduce({ apiVersion, correlationId, clientId, timeoutMs: 1_234 }, body);
};

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const message = fc.record({
  key: fc.option(text, { nil: null }),
  value: fc.option(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    { nil: null },
  ),
  timestamp: fc.integer({ min: 0, max: 2 ** 42 }).map(String),
  headers: fc.dictionary(text, text, { maxKeys: 5 }),
});
const part = fc.record({
  partition: fc.nat({ max: 2 ** 31 - 1 }),
  messages: fc.array(message, { minLength: 1, maxLength: 8 }),
});
const topic = fc.record({ topic: text, parts: fc.array(part, { minLength: 1, maxLength: 3 }) });

describe('a produce request', () => {
  it('has the bytes that kafkajs writes for the same messages', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.nat({ max: 2 ** 31 - 1 }),
        fc.array(topic, { minLength: 1, maxLength: 3 }),
        async (clientId, correlationId, topics) => {
          const bytes = await encoded(clientId, correlationId, topics);
          expect(bytes).toEqual(Buffer.from(await expected(clientId, correlationId, topics)));
        },
      ),
    );
  });

  it('has them for batches that are compressed on another thread, and for messages without headers', async () => {
    const large = Array.from({ length: 300 }, (_, at) => ({
      key: `${at}`,
      value: Buffer.alloc(1_000, at),
      timestamp: '1700000000000',
    }));
    const topics = [{ topic: 't', parts: [{ partition: 3, messages: large }] }];
    expect(await encoded('c', 1, topics)).toEqual(Buffer.from(await expected('c', 1, topics)));
  });
});

describe('the answer to a produce request', () => {
  const answerOf = (errorCodes: readonly [number, number], throttleMs = 0): Buffer => {
    const encoder = new Encoder();
    encoder.writeInt32(2);
    for (const [at, errorCode] of errorCodes.entries()) {
      encoder.writeString(`topic-${at}`);
      encoder.writeInt32(1);
      encoder.writeInt32(7 + at);
      encoder.writeInt16(errorCode);
      encoder.writeInt64(['5000000000', '12'][at] ?? '');
      encoder.writeInt64(['-1', '1700000000000'][at] ?? '');
      encoder.writeInt64('4');
    }
    encoder.writeInt32(throttleMs);
    return encoder.buffer;
  };

  it('tells the offset of each partition, and the time of the broker where it sets one', () => {
    expect(decodeProduced(answerOf([0, 0], 25), apiVersion)).toEqual({
      sent: [
        { topic: 'topic-0', partition: 7, baseOffset: '5000000000' },
        { topic: 'topic-1', partition: 8, baseOffset: '12', logAppendTimeMs: 1_700_000_000_000 },
      ],
      throttleMs: 25,
    });
  });

  it('is an error if one of its partitions has one', () => {
    const notLeader = 6;
    expect(() => decodeProduced(answerOf([0, notLeader]), apiVersion)).toThrow(
      expect.objectContaining({ type: 'NOT_LEADER_FOR_PARTITION', retriable: true }),
    );
  });
});
