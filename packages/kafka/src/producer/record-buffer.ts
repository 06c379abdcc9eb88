import type { Message } from 'kafkajs';
import type { PublishGroup } from './publish-group.ts';

/** A record that waits for its send or its ack. Its partition is fixed: a repeated send must not move it. */
export type BufferedRecord = Readonly<{
  message: Message;
  /** True if the message came with a time; any other gets that of each send. */
  hasTime: boolean;
  bytes: number;
  group: PublishGroup;
  /** Index in the group. */
  index: number;
}>;

/**
 * `idle → sending → idle`, or `sending → retrying → idle` if a send failed. Only an idle partition contributes records
 * to a send, so one send per partition is in flight and its records stay in order.
 */
export type PartitionState = 'idle' | 'sending' | 'retrying';

/** Records that wait for one partition, in order. */
export type PartitionQueue = {
  readonly topic: string;
  readonly partition: number;
  state: PartitionState;
  waiting: BufferedRecord[];
  /** Records before this index of `waiting` have been removed. */
  taken: number;
};

/** Part of a send that goes to one partition. */
export type PartitionSlice = Readonly<{ queue: PartitionQueue; records: readonly BufferedRecord[] }>;

/** Records of one send, and the number skipped because their callers no longer wait. */
export type TakenRecords = Readonly<{
  slices: readonly PartitionSlice[];
  dropped: readonly BufferedRecord[];
}>;

/** Limits of one send. kafkajs copies a partition's records once for each of them, so these limit its work too. */
export type SendLimits = Readonly<{ records: number; bytes: number }>;

// Larger gaps at the front of a queue are cut off, so that removal stays O(1) per record.
const compactAt = 1_024;

type TopicQueues = { readonly partitions: PartitionQueue[]; sticky: number; stickyRecords: number };

/** Records of a producer that no send carries yet, by partition. Independent of time and network. */
export class RecordBuffer {
  readonly #topics = new Map<string, TopicQueues>();
  /** Idle partitions with waiting records, longest waiting first. No Set: adr/0012. */
  #ready: PartitionQueue[] = [];
  readonly #limits: SendLimits;

  constructor(limits: SendLimits) {
    this.#limits = limits;
  }

  /** Returns the partition count of the topic, or undefined before it was set. */
  partitionsOf(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions.length;
  }

  /** Sets the partition count of a new or grown topic. */
  setPartitions(topic: string, count: number): void {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      known = { partitions: [], sticky: Math.floor(Math.random() * count), stickyRecords: 0 };
      this.#topics.set(topic, known);
    }
    for (let partition = known.partitions.length; partition < count; partition += 1) {
      known.partitions.push({ topic, partition, state: 'idle', waiting: [], taken: 0 });
    }
  }

  /**
   * Returns the partition for a record without a key: the same until it was sent or is full, then the next that is not
   * under retry. Each partition in a request costs as much as a record, so a batch should touch one.
   */
  stickyPartition(topic: string): number {
    const known = this.#topics.get(topic);
    if (known === undefined || known.partitions.length === 0) return 0;
    const current = known.partitions[known.sticky % known.partitions.length];
    if (current?.state !== 'idle' || known.stickyRecords >= this.#limits.records) this.#rotate(known);
    known.stickyRecords += 1;
    return known.sticky;
  }

  push(topic: string, partition: number, record: BufferedRecord): void {
    const queue = this.#topics.get(topic)?.partitions[partition];
    if (queue === undefined) throw new RangeError(`${topic} has no partition ${partition}`);
    if (queue.state === 'idle' && isEmpty(queue)) this.#ready.push(queue);
    queue.waiting.push(record);
  }

  /**
   * Removes the records of the next send, marks their partitions as sending, and skips those without a waiting caller.
   */
  take(): TakenRecords {
    const slices: PartitionSlice[] = [];
    const capacity = { records: this.#limits.records, bytes: this.#limits.bytes, isUntouched: true };
    const dropped: BufferedRecord[] = [];
    const remaining: PartitionQueue[] = [];
    for (const queue of this.#ready) {
      const records = capacity.records > 0 && capacity.bytes > 0 ? takeFrom(queue, capacity, dropped) : [];
      if (records.length > 0) {
        queue.state = 'sending';
        slices.push({ queue, records });
      } else if (!isEmpty(queue)) remaining.push(queue);
    }
    this.#ready = remaining;
    return { slices, dropped };
  }

  /** Marks the partition's send as acknowledged: the partition may take part in the next. */
  release(queue: PartitionQueue): void {
    queue.state = 'idle';
    if (!isEmpty(queue)) this.#ready.push(queue);
  }

  /** Removes and returns all buffered records, so that their callers can be rejected. */
  drain(): BufferedRecord[] {
    const rest: BufferedRecord[] = [];
    for (const { partitions } of this.#topics.values()) {
      for (const queue of partitions) {
        for (let at = queue.taken; at < queue.waiting.length; at += 1) {
          const record = queue.waiting[at];
          if (record !== undefined) rest.push(record);
        }
        queue.waiting = [];
        queue.taken = 0;
      }
    }
    this.#ready = [];
    return rest;
  }

  #rotate(known: TopicQueues): void {
    const count = known.partitions.length;
    known.stickyRecords = 0;
    for (const live of ['idle', 'sending'] as const) {
      for (let step = 1; step <= count; step += 1) {
        const candidate = (known.sticky + step) % count;
        if (known.partitions[candidate]?.state !== live) continue;
        known.sticky = candidate;
        return;
      }
    }
    known.sticky = (known.sticky + 1) % count;
  }
}

const isEmpty = ({ waiting, taken }: PartitionQueue): boolean => waiting.length === taken;

type SendCapacity = { records: number; bytes: number; isUntouched: boolean };

function takeFrom(
  queue: PartitionQueue,
  capacity: SendCapacity,
  dropped: BufferedRecord[],
): BufferedRecord[] {
  const records: BufferedRecord[] = [];
  while (queue.taken < queue.waiting.length && capacity.records > 0) {
    const record = queue.waiting[queue.taken];
    if (record === undefined) break;
    // The first record of a send always fits, regardless of its size: otherwise it would wait for ever.
    if (record.bytes > capacity.bytes && !capacity.isUntouched) break;
    queue.taken += 1;
    if (record.group.isSettled) {
      dropped.push(record);
      continue;
    }
    records.push(record);
    capacity.isUntouched = false;
    capacity.records -= 1;
    capacity.bytes -= record.bytes;
  }
  if (queue.taken === queue.waiting.length) {
    queue.waiting = [];
    queue.taken = 0;
  } else if (queue.taken >= compactAt) {
    queue.waiting = queue.waiting.slice(queue.taken);
    queue.taken = 0;
  }
  return records;
}
