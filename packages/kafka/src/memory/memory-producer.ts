import type { TopicDefinition } from '@tidings/contracts';
import { AppError, type Clock } from '@tidings/runtime';
import type { OutgoingRecord, Producer, PublishOptions, RecordPosition } from '../bus.ts';
import { closedError } from '../client/errors.ts';
import { measureRecord } from '../producer/record-size.ts';
import type { MemoryLog } from './memory-log.ts';
import type { Reachability } from './reachability.ts';

type PendingPublish = Readonly<{
  records: readonly OutgoingRecord[];
  settle: () => void;
  fail: (error: AppError) => void;
}>;

/** The {@link Producer} of the memory bus: appends at once, or buffers records in order while unreachable. */
export class MemoryProducer implements Producer {
  readonly #log: MemoryLog;
  readonly #clock: Clock;
  readonly #reachability: Reachability;
  readonly #pending = new Set<PendingPublish>();
  readonly #maxRecords: number;
  readonly #onAppended: (positions: readonly RecordPosition[]) => void;
  readonly #removeListener: () => void;
  #writers: (() => void)[] = [];
  #isClosed = false;

  constructor(
    log: MemoryLog,
    reachability: Reachability,
    options: Readonly<{
      clock: Clock;
      maxBufferedRecords?: number;
      /** Called soon after an append, before the log's own listeners. */
      onAppended: (positions: readonly RecordPosition[]) => void;
    }>,
  ) {
    this.#log = log;
    this.#reachability = reachability;
    this.#clock = options.clock;
    this.#maxRecords = options.maxBufferedRecords ?? 10_000;
    this.#onAppended = options.onAppended;
    this.#removeListener = reachability.onReachable(() => {
      for (const pending of [...this.#pending]) pending.settle();
    });
  }

  async publish(record: OutgoingRecord, options?: PublishOptions): Promise<RecordPosition> {
    const [position] = await this.publishAll([record], options);
    if (position === undefined)
      throw new AppError({ code: 'internal', message: 'appended without a position' });
    return position;
  }

  async publishAll(
    records: readonly OutgoingRecord[],
    { deadlineMs, signal }: PublishOptions = {},
  ): Promise<readonly RecordPosition[]> {
    if (this.#isClosed || signal?.aborted) throw closedError();
    for (const record of records) this.#check(record);
    if (this.#reachability.isReachable && this.#pending.size === 0) return this.#append(records);
    if (deadlineMs !== undefined && this.#isFull()) throw unavailable('too many records wait');
    return this.#enqueue(records, { deadlineMs, signal });
  }

  async whenWritable(): Promise<void> {
    if (this.#isFull() && !this.#isClosed) await new Promise<void>((resolve) => this.#writers.push(resolve));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#removeListener();
    for (const pending of [...this.#pending]) pending.fail(closedError());
    this.#wakeWriters();
  }

  #check(record: OutgoingRecord): void {
    measureRecord(record);
    const count = this.#log.partitionsOf(record.topic).length;
    const { partition, topic } = record;
    if (partition === undefined || (partition >= 0 && partition < count)) return;
    const message = `${topic.name} has the partitions 0 to ${count - 1}, got ${partition}`;
    throw new AppError({ code: 'invalid-request', message });
  }

  #append(records: readonly OutgoingRecord[]): readonly RecordPosition[] {
    const nowMs = this.#clock.nowMs();
    for (const topic of new Set<TopicDefinition>(records.map((record) => record.topic)))
      this.#log.rotateSticky(topic);
    const positions: RecordPosition[] = [];
    queueMicrotask(() => this.#onAppended(positions));
    for (const record of records) positions.push(this.#log.append(record, nowMs));
    return positions;
  }

  #isFull(): boolean {
    let waiting = 0;
    for (const { records } of this.#pending) waiting += records.length;
    return waiting >= this.#maxRecords;
  }

  #wakeWriters(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const wake of writers) wake();
  }

  async #enqueue(
    records: readonly OutgoingRecord[],
    { deadlineMs, signal }: Readonly<{ deadlineMs: number | undefined; signal: AbortSignal | undefined }>,
  ): Promise<readonly RecordPosition[]> {
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => {};
      const finish = () => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(pending);
        this.#wakeWriters();
      };
      const pending: PendingPublish = {
        records,
        settle: () => {
          finish();
          resolve(this.#append(records));
        },
        fail: (error) => {
          finish();
          reject(error);
        },
      };
      const onAbort = () => pending.fail(closedError());
      signal?.addEventListener('abort', onAbort);
      this.#pending.add(pending);
      if (deadlineMs === undefined) return;
      cancel = this.#clock.setTimer(
        () => pending.fail(unavailable(`no answer within ${deadlineMs} ms`)),
        deadlineMs,
      );
    });
  }
}

const unavailable = (detail: string): AppError =>
  new AppError({ code: 'unavailable', message: `the brokers are unreachable: ${detail}` });
