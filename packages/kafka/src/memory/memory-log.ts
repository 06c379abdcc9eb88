import type { TopicDefinition } from '@tidings/contracts';
import type { IncomingRecord, OutgoingRecord, RecordPosition } from '../bus.ts';
import { asWritten, headersOf } from '../consumer/incoming-record.ts';
import { partitionForKey } from '../producer/partitioner.ts';

type MemoryTopic = {
  readonly partitions: IncomingRecord[][];
  /** The first offset that each partition still has; 0 where it is missing. */
  readonly firstOffsets: Map<number, bigint>;
  readonly listeners: Set<() => void>;
  sticky: number;
};

/** Topics in memory: each partition is an array whose index is the offset. */
export class MemoryLog {
  readonly #topics = new Map<string, MemoryTopic>();

  partitionsOf(topic: TopicDefinition): readonly (readonly IncomingRecord[])[] {
    return this.#topic(topic).partitions;
  }

  /** Returns the records of a partition by name; empty before the first use of the topic. */
  records(topic: string, partition: number): readonly IncomingRecord[] {
    return this.#topics.get(topic)?.partitions[partition] ?? [];
  }

  /** Moves the next record without a key to another partition: one sticky partition per publish call. */
  rotateSticky(topic: TopicDefinition): void {
    this.#topic(topic).sticky += 1;
  }

  append(record: OutgoingRecord, nowMs: number): RecordPosition {
    const { topic, value, headers = {}, timestampMs = nowMs } = record;
    const key = record.key === null ? null : asWritten(record.key);
    const known = this.#topic(topic);
    const count = known.partitions.length;
    const partition = record.partition ?? (key === null ? known.sticky % count : partitionForKey(key, count));
    const log = known.partitions[partition];
    if (log === undefined)
      throw new RangeError(`${topic.name} has the partitions 0 to ${count - 1}, got ${partition}`);
    const offset = BigInt(log.length);
    log.push({
      topic: topic.name,
      partition,
      offset,
      timestampMs,
      key,
      headers: headersOf({ headers }),
      value,
    });
    queueMicrotask(() => {
      for (const listener of [...known.listeners]) listener();
    });
    return { topic: topic.name, partition, offset };
  }

  /** Returns the record at an offset; null if the log does not have it. */
  recordAt(topic: TopicDefinition, partition: number, offset: bigint): IncomingRecord | null {
    const { partitions, firstOffsets } = this.#topic(topic);
    if (offset < (firstOffsets.get(partition) ?? 0n)) return null;
    return partitions[partition]?.[Number(offset)] ?? null;
  }

  /** Returns the first offset that a partition still has. */
  firstOffset(topic: TopicDefinition, partition: number): bigint {
    return this.#topic(topic).firstOffsets.get(partition) ?? 0n;
  }

  /** Makes the records of a partition before an offset unreadable, as if their retention had passed. */
  expire(topic: TopicDefinition, partition: number, before: bigint): void {
    this.#topic(topic).firstOffsets.set(partition, before);
  }

  /** Calls `listener` soon after records are appended to the topic; returns a function that removes it. */
  onAppend(topic: TopicDefinition, listener: () => void): () => void {
    const { listeners } = this.#topic(topic);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  #topic(definition: TopicDefinition): MemoryTopic {
    let known = this.#topics.get(definition.name);
    if (known === undefined) {
      const partitions = Array.from({ length: definition.partitions }, (): IncomingRecord[] => []);
      known = { partitions, firstOffsets: new Map(), listeners: new Set(), sticky: 0 };
      this.#topics.set(definition.name, known);
    }
    return known;
  }
}
