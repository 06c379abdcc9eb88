import { AppError, backoffMs } from '@tidings/runtime';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import type { AppendedRecords } from '../hand-over/hand-over.ts';
import { deadLetter } from './dead-letter-writer.ts';
import type { PartitionProgress } from './lag.ts';
import { OffsetCommitter } from './offset-committer.ts';
import { type HandOverResult, PartitionFlow } from './partition-flow.ts';
import { PartitionOpener } from './partition-opener.ts';
import { PartitionRestarts } from './partition-restarts.ts';
import {
  type AssignedPartitionsOptions,
  type CommitOffset,
  type FetchedBatch,
  reopenBackoff,
} from './partition-source.ts';
import { PartitionWorker, type PartitionWorkerHandlers } from './partition-worker.ts';

const logWentBack = (): AppError =>
  new AppError({ code: 'internal', message: 'the log has lost records, and has others in their place' });

/**
 * Partitions that a consumer owns at present. Implements generations, restoring, back-pressure and commits, and is
 * independent of Kafka: the memory bus runs on the same code.
 */
export class AssignedPartitions<T> {
  readonly #options: AssignedPartitionsOptions<T>;
  readonly #handlers: PartitionWorkerHandlers<T>;
  readonly #flow: PartitionFlow<T>;
  readonly #opener: PartitionOpener<T>;
  readonly #committer: OffsetCommitter<T>;
  readonly #workers = new Map<string, PartitionWorker<T>>();
  readonly #restarts = new PartitionRestarts();
  #onIdle: () => void = () => {};

  constructor(options: AssignedPartitionsOptions<T>) {
    this.#options = options;
    this.#flow = new PartitionFlow(options.source);
    this.#handlers = {
      onPoison: (record, error, done) => void deadLetter(options, { record, error, done }),
      onFailure: (worker, error) => this.#restart(worker, error),
      onCapacity: (worker) => this.#flow.resume(worker),
      onIdle: () => this.#onIdle(),
    };
    this.#opener = new PartitionOpener({
      ...options,
      isClosing: () => this.#flow.isClosing,
      onFailed: (worker, error) => this.#restart(worker, error),
      onOpened: (worker) => {
        this.#restarts.end(worker.ref);
        this.#flow.resume(worker);
      },
    });
    this.#committer = new OffsetCommitter(options, ({ ref, committedOffset }) =>
      this.#restarts.onCommitted(ref, committedOffset),
    );
  }

  /** Returns the progress of each partition. */
  progress(): Iterable<PartitionProgress> {
    return this.#workers.values();
  }

  pending(): number {
    let pending = 0;
    for (const worker of this.#workers.values()) pending += worker.pending;
    return pending;
  }

  /** True while no record is in progress and every finished one is committed. */
  get isSettled(): boolean {
    for (const worker of this.#workers.values()) {
      if (worker.isOpen && (worker.pending > 0 || worker.committable > worker.committedOffset)) return false;
    }
    return true;
  }

  assigned(): PartitionRef[] {
    return [...this.#workers.values()].map(({ ref }) => ref);
  }

  /** True while some partition waits for its restart after a failed handler. */
  get isRestarting(): boolean {
    return this.#restarts.isAnyWaiting;
  }

  /** Returns the partitions that should receive records, and the next offset of each. */
  awaitingRecords(): CommitOffset[] {
    const workers = [...this.#workers.values()].filter(({ isOpen, isPaused }) => isOpen && !isPaused);
    return workers.map(({ ref, position }) => ({ ...ref, offset: position }));
  }

  /** Returns the next offset of an open partition, else 0. */
  position(ref: PartitionRef): number {
    return this.#openWorker(ref)?.position ?? 0;
  }

  /** Returns where the fetches of an open partition are, else 0: its position may be ahead, by records handed over. */
  fetchedTo(ref: PartitionRef): number {
    return this.#openWorker(ref)?.fetchedTo ?? 0;
  }

  /** Skips to `offset`: the log holds no records before it. */
  skipTo(ref: PartitionRef, offset: number): void {
    this.#openWorker(ref)?.skipTo(offset);
  }

  /**
   * Applies a new generation, while every partition is fetched. Workers continue if the partition stayed owned (`isSameMember`: no other member can have
   * owned it in between); all others are closed, and new ones are opened.
   */
  assign(refs: readonly PartitionRef[], { isSameMember }: Readonly<{ isSameMember: boolean }>): void {
    const { source } = this.#options;
    const present = new Map(refs.map((ref) => [partitionKey(ref), ref]));
    for (const worker of [...this.#workers.values()]) {
      if (!isSameMember || !present.has(partitionKey(worker.ref))) this.#lose(worker);
    }
    const fresh: PartitionWorker<T>[] = [];
    for (const [key, ref] of present) {
      let worker = this.#workers.get(key);
      if (worker === undefined) {
        worker = this.#createWorker(ref);
        fresh.push(worker);
      }
      // After a rejoin kafkajs restarts from the committed offset: continue from the current position instead.
      if (worker.isOpen) this.#flow.seek(worker);
      if (worker.isPaused) source.pause(ref);
    }
    if (fresh.length > 0) void this.#opener.open(fresh);
  }

  /**
   * Passes a fetched batch on. Returns false if it does not follow the partition's position and must be fetched again.
   */
  deliver({ ref, fetchedOffset, endOffset, records }: FetchedBatch): boolean {
    const worker = this.#openWorker(ref);
    if (worker === undefined || this.#flow.isClosing) return false;
    // Fetched for an earlier generation, after records that this one has not seen.
    if (fetchedOffset > worker.position) return false;
    this.#flow.fetched(worker, records, endOffset);
    return true;
  }

  /** Passes records on that this process has appended, if they are the next of their partition. */
  handOver(appended: AppendedRecords): HandOverResult {
    const worker = this.#openWorker(appended);
    if (worker === undefined) return 'refused';
    const result = this.#flow.handOver(worker, appended);
    if (result === 'replaced') this.#restart(worker, logWentBack(), appended.baseOffset);
    return result;
  }

  /** Stops the fetches of a partition whose records are handed over. */
  stopFetching(ref: PartitionRef): void {
    const worker = this.#openWorker(ref);
    if (worker !== undefined) this.#flow.stopFetching(worker);
  }

  /** Continues the fetches of a partition, behind what was handed over. */
  fetchAgain(ref: PartitionRef): void {
    const worker = this.#openWorker(ref);
    if (worker !== undefined) this.#flow.fetchAgain(worker);
  }

  /**
   * Handles a batch that starts after the position: either it was fetched for an earlier generation (fetch again from
   * the own position), or the records between have expired (log this and continue after them).
   */
  async realign(ref: PartitionRef): Promise<void> {
    const worker = this.#openWorker(ref);
    if (worker === undefined || worker.isPaused || this.#flow.isClosing) return;
    const { source, logger, run } = this.#options;
    this.#flow.pause(worker);
    try {
      const position = (await source.positions([ref])).get(partitionKey(ref));
      if (position !== undefined && position.low > worker.position) {
        const fields = { ...ref, group: run.group, from: worker.position, to: position.low };
        logger.error(fields, 'consumer.records-lost');
        worker.skipTo(position.low);
      }
    } catch (error) {
      logger.warn({ ...ref, group: run.group, detail: detailOf(error) }, 'consumer.positions-unavailable');
    }
    if (this.#openWorker(ref) !== worker) return;
    this.#flow.seek(worker);
    this.#flow.resume(worker);
  }

  /** Revokes the partition and assigns it again from its committed offset. */
  reopen(ref: PartitionRef, reason: string): void {
    const worker = this.#openWorker(ref);
    if (worker !== undefined) this.#restart(worker, new AppError({ code: 'internal', message: reason }));
  }

  /** Commits the offsets that are contiguously done. Never rejects; the next commit includes what failed. */
  async commit(): Promise<void> {
    await this.#committer.commit(() => this.#workers.values());
  }

  /** Stops accepting records, waits until pending ones are done or `drainMs` have passed, and commits. */
  async close(drainMs: number): Promise<void> {
    this.#flow.close(this.#workers.values());
    await this.#drained(drainMs);
    await this.commit();
    for (const worker of this.#workers.values()) worker.close();
  }

  async #drained(drainMs: number): Promise<void> {
    if (this.pending() === 0 || drainMs <= 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.setTimer(resolve, drainMs);
      this.#onIdle = () => {
        if (this.pending() > 0) return;
        cancel();
        resolve();
      };
    });
  }

  #openWorker(ref: PartitionRef): PartitionWorker<T> | undefined {
    const worker = this.#workers.get(partitionKey(ref));
    return worker?.isOpen ? worker : undefined;
  }

  #createWorker(ref: PartitionRef): PartitionWorker<T> {
    const worker = new PartitionWorker(ref, this.#options.run, this.#handlers);
    this.#workers.set(partitionKey(ref), worker);
    return worker;
  }

  #lose(worker: PartitionWorker<T>): void {
    worker.close();
    this.#workers.delete(partitionKey(worker.ref));
    this.#restarts.end(worker.ref);
    const { run, logger } = this.#options;
    try {
      run.onRevoked?.(worker.ref);
    } catch (error) {
      // The partition is revoked all the same.
      logger.error({ ...worker.ref, group: run.group, error }, 'consumer.revoke-failed');
    }
  }

  /**
   * Restarts a partition after a handler failure: commits nothing, and reopens it from its committed offset, or from
   * `latestStart` if that is before it, delayed.
   */
  #restart(worker: PartitionWorker<T>, error: unknown, latestStart = Infinity): void {
    const { run, source, clock, logger, metrics } = this.#options;
    if (this.#workers.get(partitionKey(worker.ref)) !== worker) return;
    const failures = this.#restarts.countFailure(worker.ref, worker.position);
    const delayMs = backoffMs({ attempt: failures, ...reopenBackoff });
    logger.error({ ...worker.ref, group: run.group, failures, delayMs, error }, 'consumer.handler-failed');
    metrics.restarts.inc({ group: run.group, reason: 'handler' });
    this.#lose(worker);
    const fresh = this.#createWorker(worker.ref);
    fresh.latestStart = latestStart;
    this.#restarts.begin(worker.ref);
    source.pause(worker.ref);
    if (!this.#flow.isClosing) clock.setTimer(() => void this.#opener.open([fresh]), delayMs);
  }
}
