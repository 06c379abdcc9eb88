import { createRequire } from 'node:module';
import type { Message } from 'kafkajs';
import { compressForBatch } from '../client/lz4-codec.ts';

const require = createRequire(import.meta.url);
const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (data: Buffer) => number;

/**
 * The records of one partition in one request, encoded and compressed, in the format with magic byte 2:
 * https://kafka.apache.org/documentation/#recordbatch
 */
export type RecordBatch = Readonly<{
  records: Buffer;
  count: number;
  firstTimeMs: number;
  lastTimeMs: number;
}>;

/** Size of a batch beside its records, in bytes. */
export const batchOverhead = 61;

const lengthEnd = 12;
const magic = 2;
const lz4 = 3;
const crcAt = 17;
const attributesAt = 21;
const noProducer = -1n;

/** Encodes messages, of which each has a time. Compresses a large batch on another thread. */
export function encodeBatch(messages: readonly Message[]): RecordBatch | Promise<RecordBatch> {
  let firstTimeMs = Infinity;
  let lastTimeMs = -Infinity;
  for (const { timestamp } of messages) {
    const timeMs = Number(timestamp);
    if (timeMs < firstTimeMs) firstTimeMs = timeMs;
    if (timeMs > lastTimeMs) lastTimeMs = timeMs;
  }
  let size = 0;
  const bodySizes = messages.map((message, index) => {
    const bodySize = sizeOfBody(message, index, Number(message.timestamp) - firstTimeMs);
    size += sizeOfNumber(2 * bodySize) + bodySize;
    return bodySize;
  });
  const plain = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [index, message] of messages.entries()) {
    at = writeNumber(plain, at, 2 * (bodySizes[index] ?? 0));
    at = writeBody(plain, at, { message, index, delta: Number(message.timestamp) - firstTimeMs });
  }
  const batchOf = (records: Buffer) => ({ records, count: messages.length, firstTimeMs, lastTimeMs });
  const compressed = compressForBatch(plain);
  return compressed instanceof Promise ? compressed.then(batchOf) : batchOf(compressed);
}

/** Writes a batch with its checksum at an offset. Returns the offset behind it. */
export function writeBatch(
  target: Buffer,
  start: number,
  { records, count, firstTimeMs, lastTimeMs }: RecordBatch,
): number {
  const end = start + batchOverhead + records.length;
  let at = writeInt64(target, start, 0); // first offset: the broker sets it
  at = target.writeInt32BE(batchOverhead - lengthEnd + records.length, at);
  at = target.writeInt32BE(0, at); // epoch of the leader
  at = target.writeInt8(magic, at);
  at = target.writeInt32BE(0, at); // the checksum, below
  at = target.writeInt16BE(lz4, at);
  at = target.writeInt32BE(count - 1, at);
  at = writeInt64(target, at, firstTimeMs);
  at = writeInt64(target, at, lastTimeMs);
  at = target.writeBigInt64BE(noProducer, at);
  at = target.writeInt16BE(0, at); // epoch of the producer
  at = target.writeInt32BE(0, at); // first sequence
  at = target.writeInt32BE(count, at);
  records.copy(target, at);
  target.writeUInt32BE(crc32C(target.subarray(start + attributesAt, end)), start + crcAt);
  return end;
}

const writeInt64 = (target: Buffer, at: number, value: number): number =>
  target.writeInt32BE(value | 0, target.writeInt32BE(Math.floor(value / 2 ** 32), at));

// Numbers in a record are zigzag varints. All but the length of null are at least 0: then they are doubled.
const sizeOfNumber = (doubled: number): number => {
  let bytes = 1;
  for (let rest = doubled; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
};

const writeNumber = (target: Buffer, start: number, doubled: number): number => {
  let at = start;
  let rest = doubled;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest % 0x80) | 0x80;
  target[at++] = rest;
  return at;
};

type Bytes = Buffer | string | null | undefined;

const sizeOf = (bytes: Bytes): number => {
  if (bytes === null || bytes === undefined) return 1;
  const length = Buffer.byteLength(bytes);
  return sizeOfNumber(2 * length) + length;
};

const writeBytes = (target: Buffer, start: number, bytes: Bytes): number => {
  if (bytes === null || bytes === undefined) return writeNumber(target, start, 1);
  const length = Buffer.byteLength(bytes);
  const at = writeNumber(target, start, 2 * length);
  return at + (typeof bytes === 'string' ? target.write(bytes, at) : bytes.copy(target, at));
};

const sizeOfBody = ({ key, value, headers }: Message, index: number, delta: number): number => {
  let count = 0;
  let size = 1 + sizeOfNumber(2 * delta) + sizeOfNumber(2 * index) + sizeOf(key) + sizeOf(value);
  for (const name in headers) {
    count += 1;
    size += sizeOf(name) + sizeOf(textOf(headers, name));
  }
  return size + sizeOfNumber(2 * count);
};

const writeBody = (
  target: Buffer,
  start: number,
  { message, index, delta }: Readonly<{ message: Message; index: number; delta: number }>,
): number => {
  const { key, value, headers } = message;
  target[start] = 0; // attributes, of which there are none
  let at = writeNumber(target, start + 1, 2 * delta);
  at = writeNumber(target, at, 2 * index);
  at = writeBytes(target, at, key);
  at = writeBytes(target, at, value);
  let count = 0;
  for (const _ in headers) count += 1;
  at = writeNumber(target, at, 2 * count);
  for (const name in headers) {
    at = writeBytes(target, at, name);
    at = writeBytes(target, at, textOf(headers, name));
  }
  return at;
};

// Records of this package have no headers with several values.
const textOf = (headers: NonNullable<Message['headers']>, name: string): Bytes => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};
