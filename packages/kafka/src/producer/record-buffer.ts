import { AppError, type Clock } from '@tidings/runtime';
import type { Message } from 'kafkajs';
import type { RecordPosition } from '../bus.ts';

/** How a group is made: `deadlineMs` (with the clock) is when its caller stops waiting. */
export type PublishGroupOptions = Readonly<{ size: number; clock: Clock; deadlineMs: number | undefined }>;

/**
 * The records of one publish call, whose fate is told as one: all acknowledged, or an error. One promise a call, not one
 * a record.
 */
export class PublishGroup {
  readonly promise: Promise<readonly RecordPosition[]>;
  readonly #positions: RecordPosition[];
  readonly #cancelTimer: (() => void) | undefined;
  #resolve!: (positions: readonly RecordPosition[]) => void;
  #reject!: (error: AppError) => void;
  #remaining: number;
  #isSettled = false;

  constructor({ size, clock, deadlineMs }: PublishGroupOptions) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#remaining = size;
    this.#positions = new Array<RecordPosition>(size);
    if (deadlineMs !== undefined) {
      this.#cancelTimer = clock.setTimer(() => this.fail(expired(deadlineMs)), deadlineMs);
    }
  }

  /** Nobody waits for it any more: what is left of it need not be sent again. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  acknowledge(index: number, position: RecordPosition): void {
    if (this.#isSettled) return;
    this.#positions[index] = position;
    this.#remaining -= 1;
    if (this.#remaining > 0) return;
    this.#isSettled = true;
    this.#cancelTimer?.();
    this.#resolve(this.#positions);
  }

  fail(error: AppError): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#cancelTimer?.();
    this.#reject(error);
  }
}

const expired = (deadlineMs: number): AppError =>
  new AppError({
    code: 'unavailable',
    message: `Kafka did not acknowledge within ${deadlineMs} ms; the records may still be in the log: repeat with the same ids`,
  });

/** A record that waits to be sent or acknowledged. Its partition is fixed: a repeated send must not move it. */
export type BufferedRecord = Readonly<{
  message: Message;
  bytes: number;
  group: PublishGroup;
  /** Its place in the group. */
  index: number;
}>;

/**
 * `idle → sending → idle`, or `sending → recovering → idle` when a send failed. Only an idle partition gives records to
 * a send, so one send a partition is in flight and its records stay in order.
 */
export type PartitionState = 'idle' | 'sending' | 'retrying';

/** What waits for one partition, in order. */
export type PartitionQueue = {
  readonly topic: string;
  readonly partition: number;
  state: PartitionState;
  waiting: BufferedRecord[];
  /** Records before this place of `waiting` have been taken. */
  taken: number;
};

/** The part of a send that goes to one partition. */
export type PartitionSlice = Readonly<{ queue: PartitionQueue; records: readonly BufferedRecord[] }>;

/** One send's worth, and how many records were passed over because their callers have given up. */
export type TakenRecords = Readonly<{
  slices: readonly PartitionSlice[];
  dropped: readonly BufferedRecord[];
}>;

/** Bounds of one send. kafkajs copies a partition's records once for each of them, so these bound its work too. */
export type SendLimits = Readonly<{ records: number; bytes: number }>;

// Bigger holes at the front of a queue are cut off, so that taking stays O(1) a record.
const compactAt = 1_024;

type TopicQueues = { readonly partitions: PartitionQueue[]; sticky: number; stickyRecords: number };

/** Everything a producer holds and has not handed to a send, by partition. Knows nothing of time or network. */
export class RecordBuffer {
  readonly #topics = new Map<string, TopicQueues>();
  /** Each partition that is idle and has records waiting, longest waiting first. No Set: adr/0012. */
  #ready: PartitionQueue[] = [];
  readonly #limits: SendLimits;

  constructor(limits: SendLimits) {
    this.#limits = limits;
  }

  /** How many partitions the topic has, or undefined when it was not announced. */
  partitionsOf(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions.length;
  }

  /** Announces a topic, or that it has grown. */
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
   * The partition for a record without a key: the same until it was sent or is full, then the next that is not in
   * trouble. Each partition in a request costs like a record of its own, so a batch should touch one.
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

  /** Takes what the next send should carry, marks its partitions as sending, and skips what nobody waits for. */
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

  /** The partition's send is over and acknowledged: it may take part in the next. */
  release(queue: PartitionQueue): void {
    queue.state = 'idle';
    if (!isEmpty(queue)) this.#ready.push(queue);
  }

  /** Everything that waits, to be told that it is over. */
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
    // The first of a send always fits, however large: else it would wait for ever.
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
