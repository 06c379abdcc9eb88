import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { IncomingRecord } from '../bus.ts';

/** Returns a text as it is read back once it is written: half a surrogate pair becomes U+FFFD. */
export const asWritten = (text: string): string =>
  /[\uD800-\uDFFF]/u.test(text) ? Buffer.from(text).toString() : text;

const textOf = (value: Buffer | string | (Buffer | string)[] | undefined): string => {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? '' : typeof last === 'string' ? asWritten(last) : last.toString('utf8');
};

/** Returns the headers of a kafkajs message as texts. */
export function headersOf(message: Readonly<{ headers?: IHeaders }>): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const name in message.headers) {
    const value = textOf(message.headers[name]);
    // The producer chooses header names, and an assignment of this one would have no effect.
    if (name === '__proto__') {
      Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true });
    } else headers[name] = value;
  }
  return headers;
}

/** Converts a kafkajs message to an incoming record. Its value stays a view of the fetched bytes. */
export function toIncomingRecord(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString('utf8'),
    headers: headersOf(message),
    value: message.value,
  };
}
