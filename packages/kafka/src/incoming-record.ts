import type { KafkaMessage } from 'kafkajs';
import type { IncomingRecord } from './bus.ts';

const textOf = (value: Buffer | string | (Buffer | string)[] | undefined): string => {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? '' : typeof last === 'string' ? last : last.toString('utf8');
};

/** A kafkajs message as the port shows it. Its value stays a view of the fetched bytes. */
export function toIncomingRecord(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  const headers: Record<string, string> = {};
  for (const name in message.headers) headers[name] = textOf(message.headers[name]);
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString('utf8'),
    headers,
    value: message.value,
  };
}
