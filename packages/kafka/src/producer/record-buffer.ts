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

type TopicQueues = {
  readonly partitions: PartitionQueue[];
  /** The partition that records without a key go to whenever it is idle, and how many have been placed since it is the one. */
  preferred: number;
  placed: number;
  /** The partition of the last record without a key. */
  current: number;
};

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
      const preferred = Math.floor(Math.random() * count);
      known = { partitions: [], preferred, placed: 0, current: preferred };
      this.#topics.set(topic, known);
    }
    for (let partition = known.partitions.length; partition < count; partition += 1) {
      known.partitions.push({ topic, partition, state: 'idle', waiting: [], taken: 0 });
    }
  }

  /**
   * Returns the partition for a record without a key: that of the last one until it is sent, since each partition in a request
   * costs as much as a record. Then the preferred one, or while that is busy the next that is idle: a consumer in this process
   * is handed the records of a partition that gets them in a row, and has to fetch those of one that gets a few now and then
   * (adr/0041). Another one is preferred after as many records as a send carries, so that all get their share.
   */
  stickyPartition(topic: string): number {
    const known = this.#topics.get(topic);
    if (known === undefined || known.partitions.length === 0) return 0;
    const { records: share } = this.#limits;
    const current = known.partitions[known.current];
    const isCollecting = current?.state === 'idle' && !isEmpty(current);
    if (!isCollecting || known.placed >= share) choosePartition(known, share);
    known.placed += 1;
    return known.current;
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
}

const isEmpty = ({ waiting, taken }: PartitionQueue): boolean => waiting.length === taken;

/** Chooses the partition of the next records without a key. One under retry is the last choice: nobody knows how long that takes. */
function choosePartition(known: TopicQueues, share: number): void {
  const { partitions } = known;
  const nextWith = (from: number, state: PartitionState): number | undefined => {
    for (let step = 0; step < partitions.length; step += 1) {
      const candidate = (from + step) % partitions.length;
      if (partitions[candidate]?.state === state) return candidate;
    }
    return undefined;
  };
  if (known.placed >= share) {
    known.preferred = nextWith(known.preferred + 1, 'idle') ?? (known.preferred + 1) % partitions.length;
    known.placed = 0;
  }
  const next = (known.current + 1) % partitions.length;
  known.current = nextWith(known.preferred, 'idle') ?? nextWith(next, 'sending') ?? next;
}

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
