import type { Message } from 'kafkajs';
import type { IncomingRecord, PartitionRef } from '../bus.ts';
import { asWritten, headersOf } from '../consumer/incoming-record.ts';

/**
 * Messages that the brokers have acknowledged: `messages[i]` has the offset `baseOffset + i`. Each has its time, unless the
 * broker has given one to all (`logAppendTimeMs`).
 */
export type AppendedMessages = PartitionRef &
  Readonly<{ baseOffset: number; logAppendTimeMs?: number | undefined; messages: readonly Message[] }>;

/** Records of the offsets from `baseOffset` to before `endOffset`. `records` returns them as a fetch would bring them. */
export type AppendedRecords = PartitionRef &
  Readonly<{ baseOffset: number; endOffset: number; records: () => readonly IncomingRecord[] }>;

/** A consumer in the process of the producer. Its functions return at once and never throw. */
export type AppendListener = Readonly<{
  /** Called when the brokers have acknowledged records. */
  onAppended(appended: AppendedRecords): void;
  /** Called when a send has failed: any of its records may be in the partition. */
  onUnknown(ref: PartitionRef): void;
}>;

/**
 * Hands records that the producers of a process have appended to the consumers of that process, so that they need not fetch
 * them. See adr/0041.
 */
export class HandOver {
  readonly #listeners = new Map<string, readonly AppendListener[]>();

  /** Tells `listener` what is appended to the topics. Returns a function that ends that. */
  listen(topics: readonly string[], listener: AppendListener): () => void {
    for (const topic of new Set(topics)) this.#listeners.set(topic, [...this.#of(topic), listener]);
    return () => {
      for (const topic of topics) {
        const rest = this.#of(topic).filter((other) => other !== listener);
        this.#listeners.set(topic, rest);
      }
    };
  }

  /** Call when the brokers have acknowledged records, and not before. */
  appended(appended: AppendedMessages): void {
    const listeners = this.#of(appended.topic);
    if (listeners.length === 0) return;
    const { topic, partition, baseOffset, messages } = appended;
    let made: readonly IncomingRecord[] | undefined;
    // Most are not needed while the consumer is behind.
    const records = () => (made ??= messages.map((_, index) => toRecord(appended, index)));
    const endOffset = baseOffset + messages.length;
    for (const listener of listeners)
      listener.onAppended({ topic, partition, baseOffset, endOffset, records });
  }

  /** Call when a send has failed. */
  unknown(ref: PartitionRef): void {
    for (const listener of this.#of(ref.topic)) listener.onUnknown(ref);
  }

  #of(topic: string): readonly AppendListener[] {
    return this.#listeners.get(topic) ?? [];
  }
}

// A small part of a request, or of a fetch, would keep the whole of it in memory for as long as the record waits.
const withoutTheRest = (value: Buffer): Buffer =>
  value.buffer.byteLength > Math.max(2 * value.length, Buffer.poolSize) ? Buffer.from(value) : value;

/**
 * Returns a message as a fetch would bring it. Its value stays that of the producer, which must not change it, unless that is
 * part of something larger.
 */
function toRecord(appended: AppendedMessages, index: number): IncomingRecord {
  const { topic, partition, baseOffset, logAppendTimeMs, messages } = appended;
  const message = messages[index] ?? { value: null };
  const { key = null, value } = message;
  return {
    topic,
    partition,
    offset: BigInt(baseOffset + index),
    timestampMs: logAppendTimeMs ?? Number(message.timestamp),
    key: key === null ? null : asWritten(key.toString()),
    headers: headersOf(message),
    value: typeof value === 'string' ? Buffer.from(value) : value && withoutTheRest(value),
  };
}
