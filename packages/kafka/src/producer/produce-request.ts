import { createRequire } from 'node:module';
import { batchOverhead, type RecordBatch, writeBatch } from './record-batch.ts';
import type { SentPartition } from './send-loop.ts';

/** The batches of a produce request, by topic. */
export type ProduceBody = readonly Readonly<{
  topic: string;
  partitions: readonly Readonly<{ partition: number; batch: RecordBatch }>[];
}>[];

/** The fields before the body of a produce request. Acks are always those of all in-sync replicas. */
export type ProduceHead = Readonly<{
  apiVersion: number;
  correlationId: number;
  clientId: string;
  /** The longest time that the leader may wait for the other replicas. */
  timeoutMs: number;
}>;

/** The versions of requests and answers that are written and read here: https://kafka.apache.org/protocol#The_Messages_Produce */
export const produceVersions = { min: 3, max: 7 } as const;

/** The key of a produce request. */
export const produceKey = 0;

const allReplicas = -1;
const fixedSize = 4 + 2 + 2 + 4 + 2 + 2 + 2 + 4 + 4;
const firstVersionWithLogStart = 5;

const require = createRequire(import.meta.url);
const { failure, createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  failure: (code: number) => boolean;
  createErrorFromCode: (code: number) => Error;
};

/** Encodes a whole produce request, with its length in front. */
export function encodeProduce(head: ProduceHead, body: ProduceBody): Buffer {
  let size = fixedSize + Buffer.byteLength(head.clientId);
  for (const { topic, partitions } of body) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { batch } of partitions) size += 4 + 4 + batchOverhead + batch.records.length;
  }
  const target = Buffer.allocUnsafe(size);
  let at = target.writeInt32BE(size - 4, 0);
  at = target.writeInt16BE(produceKey, at);
  at = target.writeInt16BE(head.apiVersion, at);
  at = target.writeInt32BE(head.correlationId, at);
  at = writeString(target, at, head.clientId);
  at = target.writeInt16BE(-1, at); // no transaction
  at = target.writeInt16BE(allReplicas, at);
  at = target.writeInt32BE(head.timeoutMs, at);
  at = target.writeInt32BE(body.length, at);
  for (const { topic, partitions } of body) {
    at = writeString(target, at, topic);
    at = target.writeInt32BE(partitions.length, at);
    for (const { partition, batch } of partitions) {
      at = target.writeInt32BE(partition, at);
      at = target.writeInt32BE(batchOverhead + batch.records.length, at);
      at = writeBatch(target, at, batch);
    }
  }
  return target;
}

/** The partitions that an answer acknowledges, and how long the broker asks the client to send nothing. */
export type ProduceAnswer = Readonly<{ sent: readonly SentPartition[]; throttleMs: number }>;

/** Decodes the answer to a produce request. Throws the first error in it, as kafkajs does. */
export function decodeProduced(answer: Buffer, apiVersion: number): ProduceAnswer {
  const sent: SentPartition[] = [];
  let error: Error | undefined;
  let at = 4;
  for (let topics = answer.readInt32BE(0); topics > 0; topics -= 1) {
    const nameEnd = at + 2 + answer.readInt16BE(at);
    const topic = answer.toString('utf8', at + 2, nameEnd);
    at = nameEnd + 4;
    for (let partitions = answer.readInt32BE(nameEnd); partitions > 0; partitions -= 1) {
      const errorCode = answer.readInt16BE(at + 4);
      if (failure(errorCode)) error ??= createErrorFromCode(errorCode);
      const part = {
        topic,
        partition: answer.readInt32BE(at),
        baseOffset: String(answer.readBigInt64BE(at + 6)),
      };
      const logAppendTimeMs = Number(answer.readBigInt64BE(at + 14));
      sent.push(logAppendTimeMs < 0 ? part : { ...part, logAppendTimeMs });
      at += apiVersion < firstVersionWithLogStart ? 22 : 30;
    }
  }
  if (error !== undefined) throw error;
  return { sent, throttleMs: answer.readInt32BE(at) };
}

function writeString(target: Buffer, at: number, text: string): number {
  const start = at + 2;
  const length = target.write(text, start);
  target.writeInt16BE(length, at);
  return start + length;
}
