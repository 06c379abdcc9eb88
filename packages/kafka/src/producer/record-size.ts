import { AppError } from '@tidings/runtime';
import type { OutgoingRecord } from '../bus.ts';

/**
 * Maximum size of key, headers and value of one record together. Below the broker's default for a whole batch
 * (`max.message.bytes` 1,048,588); a larger record may stall its readers.
 */
export const maxRecordBytes = 1_000_000;

/** Returns the size of key, headers and value of a record in bytes. */
export function sizeOf({
  key,
  headers = {},
  value,
}: Pick<OutgoingRecord, 'key' | 'headers' | 'value'>): number {
  let bytes = (key === null ? 0 : Buffer.byteLength(key)) + (value === null ? 0 : value.length);
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '');
  return bytes;
}

/**
 * Returns the size of a record in bytes, or throws an AppError: `payload-too-large`, or `invalid-request` for input
 * that kafkajs would reject only when it encodes the whole send, which would fail the other records in it.
 */
export function measureRecord(record: OutgoingRecord): number {
  const { topic, key, headers, value } = record;
  if (value !== null && !Buffer.isBuffer(value)) throw unusable(topic.name, 'value', value);
  if (key === null && topic.kind === 'table') throw unusable(topic.name, 'key', key);
  for (const name in headers) {
    const text: unknown = headers[name];
    if (typeof text !== 'string') throw unusable(topic.name, `header ${name}`, text);
  }
  const bytes = sizeOf(record);
  if (bytes > maxRecordBytes) {
    const message = `a record for ${topic.name} takes ${bytes} bytes, at most ${maxRecordBytes} fit: send less in one record`;
    throw new AppError({ code: 'payload-too-large', message });
  }
  return bytes;
}

function unusable(topic: string, part: string, got: unknown): AppError {
  const live = { value: 'a Buffer or null', key: 'a string (the topic is compacted)' }[part] ?? 'a string';
  const message = `a record for ${topic} has a ${part} that is not ${live}: got ${String(got)}`;
  return new AppError({ code: 'invalid-request', message });
}
