import type { TopicDefinition } from '@tidings/contracts';

/** One record as it lies in the log. `headers` are decoded as UTF-8; a repeated header keeps its last value. */
export type IncomingRecord = Readonly<{
  topic: string;
  partition: number;
  offset: bigint;
  /** Append time or create time as the topic is configured; epoch milliseconds. */
  timestampMs: number;
  key: string | null;
  headers: Readonly<Record<string, string>>;
  /** null is a tombstone. */
  value: Buffer | null;
}>;

/**
 * One record to write. With a key the partition follows from the key (murmur2, as every Kafka client does it); with
 * `partition` it is exactly that one; with neither, the record goes to the batch's sticky partition, chosen once per
 * record and kept over every retry of the send.
 */
export type OutgoingRecord = Readonly<{
  topic: TopicDefinition;
  key: string | null;
  partition?: number;
  headers?: Readonly<Record<string, string>>;
  value: Buffer | null;
}>;

export type RecordPosition = Readonly<{ topic: string; partition: number; offset: bigint }>;

export type PublishOptions = Readonly<{
  /**
   * Give up after this many milliseconds (only ingress does: its caller repeats). Without it the send is repeated until
   * it succeeds or the producer closes. A rejection means unknown, never refused: the records may be in the log.
   */
  deadlineMs?: number;
}>;

export type Producer = Readonly<{
  /** Resolves when all in-sync replicas have the record. Rejects with AppError `unavailable` (deadline) or `closed`. */
  publish(record: OutgoingRecord, options?: PublishOptions): Promise<RecordPosition>;
  /** As `publish` for several records that may share a send; resolves when every one is acknowledged. */
  publishAll(
    records: readonly OutgoingRecord[],
    options?: PublishOptions,
  ): Promise<readonly RecordPosition[]>;
  /**
   * Waits until there is room in the buffer: back-pressure for producers that do not await each record. A publish with a
   * deadline is refused (`unavailable`) while there is none; one without is always taken.
   */
  whenWritable(): Promise<void>;
  /** Sends what is buffered, then closes. Later publishes reject with `closed`. */
  close(): Promise<void>;
}>;

/**
 * A decoded record with its completion. `done()` may come in any order and later; each record must end in done(). Call
 * it on the item: a detached `item.done` has lost its record.
 */
export type WorkItem<T> = Readonly<{ record: IncomingRecord; message: T; done(): void }>;

export type PartitionRef = Readonly<{ topic: string; partition: number }>;

export type WorkBatch<T> = PartitionRef & Readonly<{ items: readonly WorkItem<T>[] }>;

/** Where the records of a freshly assigned partition start, and what is to be skipped as already worked. */
export type Assignment = PartitionRef &
  Readonly<{
    /** The group's committed offset, or the low watermark when nothing was committed. */
    committedOffset: bigint;
    /** First offset still in the log. */
    lowOffset: bigint;
    /** End of the log when the partition was assigned. */
    highOffset: bigint;
  }>;

export type RunPartitionsOptions<T> = Readonly<{
  /** Consumer group. Every instance of a service uses the same group and the same topics. */
  group: string;
  topics: readonly TopicDefinition[];
  /**
   * Called once per record at the consumer's edge. A throw makes the record poison: it goes to dead-letters with its
   * origin (topic, partition, offset, key, headers, value) and the reason, and its offset is done after the ack.
   */
  decode(record: IncomingRecord): T;
  /**
   * Called with each fetched batch of one partition, in offset order, never two at a time for one partition. Must return
   * within milliseconds; work goes on after it and ends with `done()` of each item. A throw (or a rejected promise) is
   * a defect: the partition stops, nothing of it is committed, and it alone is revoked and assigned again from its
   * committed offset, with back-off.
   */
  onBatch(batch: WorkBatch<T>): void | Promise<void>;
  /**
   * Before the first record of a newly assigned partition (also after each rejoin of a partition that was lost in
   * between). Restore state here; records wait for it.
   */
  onAssigned?(assignment: Assignment): Promise<void>;
  /**
   * The partition is no longer ours (or is about to be restored anew): drop what waits for it; `done()` of its items is
   * ignored from here on. May come while `onAssigned` is still at work.
   */
  onRevoked?(partition: PartitionRef): void;
  /** Pause a partition at this many records not done; resume at half. Default 1,000. */
  maxPendingPerPartition?: number;
  /** The same by the bytes of their values. Default 8,388,608. */
  maxPendingBytesPerPartition?: number;
  /** Default 500. */
  commitIntervalMs?: number;
  /** Default 524,288. */
  maxBytesPerPartition?: number;
  /**
   * Let records gather until this many bytes wait (over all partitions), or `maxWaitMs` have passed. For readers that
   * nobody waits for: a fetch costs the same for one record as for a hundred. Default 1: what is there comes at once.
   */
  minBytes?: number;
  /** The longest that a fetch waits for `minBytes`. Default 1,000, at most 1,500: heartbeats go out between fetches. */
  maxWaitMs?: number;
  /**
   * The least time between the beginnings of two fetches: records that come one by one share one, and what is done of
   * each fetch; a record that comes alone is not held up. Default 0.
   */
  fetchIntervalMs?: number;
}>;

/** Health as the service reports it: a runner that is not `running`, or makes no progress, turns the service unready. */
export type WorkerState = 'starting' | 'running' | 'restarting' | 'stopped';

export type PartitionRunner = Readonly<{
  state(): WorkerState;
  /** Records fetched and not done, over all partitions. */
  pending(): number;
  assigned(): readonly PartitionRef[];
  /** Stops fetching, lets what is pending finish until the deadline, commits, leaves the group. */
  close(options?: Readonly<{ drainMs?: number }>): Promise<void>;
}>;

export type TableOptions<V> = Readonly<{
  topic: TopicDefinition;
  /** Names the reading service in the per-boot group id. */
  service: string;
  /**
   * Not called for a tombstone: that removes the record's key. A throw is logged and counted, the record skipped: a
   * table must not die of one record.
   */
  decode(record: IncomingRecord): Readonly<{ key: string; version: number; value: V }>;
  /** After each applied change; `value` undefined means removed. */
  onChange?(key: string, value: V | undefined): void;
  /** A table that cannot reach the brokers for this long turns the service unready (it keeps serving). Default 30,000. */
  staleAfterMs?: number;
}>;

/** A compacted topic as a local map. Older versions are ignored; a tombstone removes; a rejoin never clears. */
export type Table<V> = Readonly<{
  get(key: string): V | undefined;
  values(): IterableIterator<V>;
  size(): number;
  /** Resolves when every high watermark seen at start has been reached. */
  ready(): Promise<void>;
  isStale(): boolean;
  close(): Promise<void>;
}>;

export type ReadRangeOptions = Readonly<{
  topic: TopicDefinition;
  partitions: readonly number[];
  /** Where to start, per partition: a time or an offset. */
  from: Readonly<{ timestampMs: number }> | Readonly<{ offsets: ReadonlyMap<number, bigint> }>;
  /** Stop before this offset per partition; default: the high watermark when the read starts. */
  until?: ReadonlyMap<number, bigint>;
  onRecord(record: IncomingRecord): void;
  /** Names the reading service in the throw-away group id. */
  service: string;
}>;

export type RelayOptions = Readonly<{
  group: string;
  /** A ladder topic: LogAppendTime, one constant delay, so its offset order is its due order. */
  topic: TopicDefinition;
  delayMs: number;
  /** The record to write when this one is due, usually the same bytes on the deliveries topic. */
  forward(record: IncomingRecord): OutgoingRecord;
  /**
   * What is due may wait this long for others that go with it: all relays of a process send at the same multiples of it.
   * Default 0: each record goes when it is due.
   */
  lingerMs?: number;
}>;

export type Relay = Readonly<{
  state(): WorkerState;
  assigned(): readonly PartitionRef[];
  /** Append time of the record at each partition's head that waits here, or undefined: feeds the age metrics. */
  headTimestampMs(partition: number): number | undefined;
  close(): Promise<void>;
}>;

export type TopicPartitionLag = PartitionRef &
  Readonly<{ committedOffset: bigint; highOffset: bigint; lagRecords: bigint }>;

/**
 * Everything that services do with Kafka. Two implementations pass one contract suite: `connectKafka` (real brokers)
 * and `createMemoryBus` (one process, for fast tests).
 */
export type Bus = Readonly<{
  producer(options?: Readonly<{ maxBufferedRecords?: number; maxBufferedBytes?: number }>): Promise<Producer>;
  runPartitions<T>(options: RunPartitionsOptions<T>): Promise<PartitionRunner>;
  table<V>(options: TableOptions<V>): Promise<Table<V>>;
  relay(options: RelayOptions): Promise<Relay>;
  /** Reads a stretch of a topic once, without committing anything: refills memories from the log. */
  readRange(options: ReadRangeOptions): Promise<void>;
  /** How far a group is behind; with `writtenBeforeMs` (epoch), only what was written before then counts. */
  lag(
    group: string,
    topics: readonly TopicDefinition[],
    options?: Readonly<{ writtenBeforeMs?: number }>,
  ): Promise<readonly TopicPartitionLag[]>;
  /** Closes everything that was opened from it, producers last. `drainMs` is for its runners. */
  close(options?: Readonly<{ drainMs?: number }>): Promise<void>;
}>;
