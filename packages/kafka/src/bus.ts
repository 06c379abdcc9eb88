import type { TopicDefinition } from '@tidings/contracts';

/** A record read from the log. `headers` are decoded as UTF-8; of a repeated header the last value is kept. */
export type IncomingRecord = Readonly<{
  topic: string;
  partition: number;
  offset: bigint;
  /** Append time or create time, as the topic is configured; epoch milliseconds. */
  timestampMs: number;
  key: string | null;
  headers: Readonly<Record<string, string>>;
  /** null for a tombstone. */
  value: Buffer | null;
}>;

/**
 * A record to write; its value must not be changed any more, since a consumer of the process may get it as it is. With a key, the key determines the partition (murmur2, as in every Kafka client); with `partition`
 * it is exactly that one; with neither, the record goes to the batch's sticky partition, chosen once per record and
 * unchanged over every retry of the send.
 */
export type OutgoingRecord = Readonly<{
  topic: TopicDefinition;
  key: string | null;
  partition?: number;
  headers?: Readonly<Record<string, string>>;
  value: Buffer | null;
  /** Create time, epoch milliseconds; default: the time of the send. The broker ignores it under LogAppendTime. */
  timestampMs?: number;
}>;

export type RecordPosition = Readonly<{ topic: string; partition: number; offset: bigint }>;

export type PublishOptions = Readonly<{
  /**
   * Timeout in milliseconds (only ingress sets it: its caller repeats). Without it the send is repeated until it
   * succeeds or the producer closes. A rejection means an unknown result, never a refusal: the records may be in the
   * log.
   */
  deadlineMs?: number;
  /** Ends the wait with `closed` when it is aborted: the records may be in the log. */
  signal?: AbortSignal;
}>;

export type Producer = Readonly<{
  /** Resolves when all in-sync replicas have the record. Rejects with AppError `unavailable` (deadline) or `closed`. */
  publish(record: OutgoingRecord, options?: PublishOptions): Promise<RecordPosition>;
  /** Publishes several records, which may share a send, as `publish` does; resolves when every one is acknowledged. */
  publishAll(
    records: readonly OutgoingRecord[],
    options?: PublishOptions,
  ): Promise<readonly RecordPosition[]>;
  /**
   * Waits until the buffer has room: back-pressure for producers that do not await each record. While it is full, a
   * publish with a deadline is refused (`unavailable`) and one without is always accepted.
   */
  whenWritable(): Promise<void>;
  /** Sends the buffered records, then closes. Later publishes reject with `closed`. */
  close(): Promise<void>;
}>;

/** Marks a record as done. It holds neither the record nor its message. */
export type Completion = Readonly<{ done(): void }>;

/**
 * A decoded record with its completion. `done()` may be called later and in any order, and must be called for each
 * record. Call it on the item: a detached `item.done` has lost its record. `completion` does the same: keep it instead of
 * the item where the record has been used, so that its bytes can be freed.
 */
export type WorkItem<T> = Readonly<{
  record: IncomingRecord;
  message: T;
  completion: Completion;
  done(): void;
}>;

export type PartitionRef = Readonly<{ topic: string; partition: number }>;

/** Returns a partition as a map key. */
export const partitionKey = ({ topic, partition }: PartitionRef): string => `${topic} ${partition}`;

export type WorkBatch<T> = PartitionRef & Readonly<{ items: readonly WorkItem<T>[] }>;

/** Start position of a newly assigned partition, and the records to skip as already processed. */
export type Assignment = PartitionRef &
  Readonly<{
    /** Committed offset of the group, or the low watermark if nothing was committed. */
    committedOffset: bigint;
    /** First offset still in the log. */
    lowOffset: bigint;
    /** End of the log when the partition was assigned. */
    highOffset: bigint;
  }>;

export type RunPartitionsOptions<T> = Readonly<{
  /** Consumer group. Every instance of a service uses the same group and the same topics. */
  group: string;
  /**
   * Returns the group that read a topic in earlier versions: its committed offsets apply to partitions of which `group`
   * has none. Default: such a partition is read from its beginning.
   */
  formerGroup?(topic: string): string;
  topics: readonly TopicDefinition[];
  /**
   * Decodes one record; called once per record at the edge of the consumer. A throw makes the record poison: it goes to
   * dead-letters with its origin (topic, partition, offset, key, headers, value) and the reason, and its offset is done
   * after the ack.
   */
  decode(record: IncomingRecord): T;
  /**
   * Handles records of one partition: a fetched batch, or several small ones that arrived during the call before. Called
   * in offset order, one call at a time per partition. Must return within milliseconds; work continues after it and ends
   * with `done()` of each item. A throw (or a rejected promise) is a defect: the partition stops, nothing of it is
   * committed, and it alone is revoked and assigned again from its committed offset, with back-off.
   */
  onBatch(batch: WorkBatch<T>): void | Promise<void>;
  /**
   * Called before the first record of a newly assigned partition (also after each rejoin if the partition was lost in
   * between). Restore state here; records wait for it.
   */
  onAssigned?(assignment: Assignment): Promise<void>;
  /**
   * Called when the partition is no longer owned (or before it is restored again): drop its pending records; `done()`
   * of its items is ignored from now on. May be called while `onAssigned` still runs.
   */
  onRevoked?(partition: PartitionRef): void;
  /** Pauses a partition at this many records not done; it resumes at half. Default 1,000. */
  maxPendingPerPartition?: number;
  /** The same limit by the bytes of the values. Default 8,388,608. */
  maxPendingBytesPerPartition?: number;
  /** Default 500. */
  commitIntervalMs?: number;
  /** Default 524,288. */
  maxBytesPerPartition?: number;
  /**
   * Lets a fetch wait until this many bytes are available (over all partitions) or `maxWaitMs` have passed. For readers
   * without latency requirements: a fetch costs the same for one record as for a hundred. Default 1: available records
   * are returned at once.
   */
  minBytes?: number;
  /** Maximum wait of a fetch for `minBytes`. Default and maximum 10,000. */
  maxWaitMs?: number;
  /**
   * Minimum time between the starts of two fetches: records that arrive one by one share a fetch, and the work per
   * fetch; a record that arrives alone is not delayed. Default 0.
   */
  fetchIntervalMs?: number;
}>;

/** Health state that the service reports: a runner that is not `running`, or makes no progress, makes it unready. */
export type WorkerState = 'starting' | 'running' | 'restarting' | 'stopped';

export type PartitionRunner = Readonly<{
  state(): WorkerState;
  /** Records fetched and not done, over all partitions. */
  pending(): number;
  assigned(): readonly PartitionRef[];
  /** Stops fetching, lets pending records finish until the deadline, commits, and leaves the group. */
  close(options?: Readonly<{ drainMs?: number }>): Promise<void>;
}>;

export type TableOptions<V> = Readonly<{
  topic: TopicDefinition;
  /** Name of the reading service in log lines. */
  service: string;
  /**
   * Decodes a record. Not called for a tombstone, which removes the record's key. A throw is logged and counted, and
   * the record skipped: one record must not stop a table.
   */
  decode(record: IncomingRecord): Readonly<{ key: string; version: number; value: V }>;
  /** Called after each applied change; an undefined `value` means removed. */
  onChange?(key: string, value: V | undefined): void;
  /**
   * Time without contact to the brokers after which a table makes the service unready (it still serves). Default
   * 30,000.
   */
  staleAfterMs?: number;
}>;

/**
 * A compacted topic as a local map. Older versions are ignored; a tombstone removes its key; a rejoin clears nothing.
 */
export type Table<V> = Readonly<{
  get(key: string): V | undefined;
  values(): IterableIterator<V>;
  size(): number;
  /** Resolves once every high watermark seen at the start has been reached. */
  ready(): Promise<void>;
  /** Returns true if one of its partitions was not read for `staleAfterMs`. */
  isStale(): boolean;
  close(): Promise<void>;
}>;

export type ReadRangeOptions = Readonly<{
  topic: TopicDefinition;
  partitions: readonly number[];
  /** Start per partition: a time or an offset. */
  from: Readonly<{ timestampMs: number }> | Readonly<{ offsets: ReadonlyMap<number, bigint> }>;
  /** Exclusive end offset per partition; default: the high watermark at the start of the read. */
  until?: ReadonlyMap<number, bigint>;
  onRecord(record: IncomingRecord): void;
  /**
   * Maximum bytes of one fetch of a partition, as they are in the log (compressed), beyond its first batch. Default
   * 524,288. What is fetched at once is decompressed and decoded at once.
   */
  maxFetchBytes?: number;
  /** Name of the reading service in the temporary group id. */
  service: string;
}>;

export type ReadRecordsOptions = Readonly<{
  topic: TopicDefinition;
  /** In any order; of any number: memory holds the fetched batches of one partition at a time, and what is returned. */
  positions: readonly Readonly<{ partition: number; offset: bigint }>[];
}>;

/** The first offset still in the log of a partition, and the one that the next record gets. */
export type LogEnds = PartitionRef & Readonly<{ lowOffset: bigint; highOffset: bigint }>;

export type FollowOptions = Readonly<{
  topics: readonly TopicDefinition[];
  /** Returns the offset at which a partition is followed from; `highOffset` for new records only. */
  startAt(ends: LogEnds): bigint;
  /** Called with the records of one fetch of one partition, in offset order. Must return at once and never throw. */
  onRecords(records: readonly IncomingRecord[]): void;
  /** Minimum time between the starts of two fetches, as of a runner. Default 0. */
  fetchIntervalMs?: number;
  /** Name of the reading service in the temporary group id. */
  service: string;
}>;

/** A reader of every partition of its topics, from a position on, without commits. */
export type Follower = Readonly<{
  /** Ends of the partitions when it was opened. */
  ends: readonly LogEnds[];
  state(): WorkerState;
  close(): Promise<void>;
}>;

export type RelayOptions = Readonly<{
  group: string;
  /** See {@link RunPartitionsOptions}. */
  formerGroup?(topic: string): string;
  /** Topics with LogAppendTime and one constant delay each, so that offset order is due order. */
  rungs: readonly Readonly<{ topic: TopicDefinition; delayMs: number }>[];
  /** Returns the record to write when this one is due, usually the same bytes on the deliveries topic. */
  forward(record: IncomingRecord): OutgoingRecord;
  /** Called with records that are forwarded and acknowledged, and the time when they were sent. */
  onForwarded?(records: readonly IncomingRecord[], sentAtMs: number): void;
  /**
   * Time that a due record may wait for others, so that one send carries them: all partitions send at the same multiples
   * of it. Default 0: each record is sent when it is due.
   */
  lingerMs?: number;
}>;

export type Relay = Readonly<{
  state(): WorkerState;
  assigned(): readonly PartitionRef[];
  /** Returns the append time of the waiting record at the partition's head, or undefined: feeds the age metrics. */
  headTimestampMs(ref: PartitionRef): number | undefined;
  close(): Promise<void>;
}>;

export type TopicPartitionLag = PartitionRef &
  Readonly<{ committedOffset: bigint; highOffset: bigint; lagRecords: bigint }>;

/**
 * Kafka operations of the services. Two implementations pass one contract suite: `connectKafka` (real brokers) and
 * `createMemoryBus` (one process, for fast tests).
 */
export type Bus = Readonly<{
  producer(options?: Readonly<{ maxBufferedRecords?: number; maxBufferedBytes?: number }>): Promise<Producer>;
  runPartitions<T>(options: RunPartitionsOptions<T>): Promise<PartitionRunner>;
  table<V>(options: TableOptions<V>): Promise<Table<V>>;
  relay(options: RelayOptions): Promise<Relay>;
  /** Reads a range of a topic once, without a commit: restores in-memory state from the log. */
  readRange(options: ReadRangeOptions): Promise<void>;
  /**
   * Reads single records by partition and offset, without a consumer group. Returns one entry for each position, in
   * their order: null where the log does not have that offset: not any more, or not yet (looked at again for 0.6 s, since
   * a new leader may know its end late). Whoever reads on has to read again what is null behind the last record that
   * came. Rejects with AppError `unavailable` if the brokers do not respond, or not with what they have.
   *
   * Costs one fetch for each run of neighbouring offsets of a partition; partitions are read at the same time. A fetch
   * returns whole batches, so a record costs the decoding of all that were produced with it. Measured with one local
   * broker on a busy machine, batches of 17 records of 1 KB: 2 ms for one record, 20 ms for a page of 30 that were
   * written together, 110 ms for 30 scattered ones, 25 µs a record in long runs; the first read after 30 s without one
   * connects, which takes 40 ms.
   */
  readRecords(options: ReadRecordsOptions): Promise<readonly (IncomingRecord | null)[]>;
  /**
   * Follows topics in this process alone, beside every group. Records appended after it has resolved are passed on.
   * Rejects with AppError `unavailable` if the brokers do not report the ends of the topics.
   */
  follow(options: FollowOptions): Promise<Follower>;
  /** Returns the ends of every partition of the topics. Rejects with AppError `unavailable`. */
  ends(topics: readonly TopicDefinition[]): Promise<readonly LogEnds[]>;
  /** Returns the lag of a group; with `writtenBeforeMs` (epoch), only records written before then count. */
  lag(
    group: string,
    topics: readonly TopicDefinition[],
    options?: Readonly<{ writtenBeforeMs?: number }>,
  ): Promise<readonly TopicPartitionLag[]>;
  /**
   * Returns the number of members of a group. A killed process stays one for its session timeout (6 s). Rejects with
   * AppError `unavailable`.
   */
  members(group: string): Promise<number>;
  /** Closes everything opened through this bus, producers last. `drainMs` applies to its runners. */
  close(options?: Readonly<{ drainMs?: number }>): Promise<void>;
}>;
