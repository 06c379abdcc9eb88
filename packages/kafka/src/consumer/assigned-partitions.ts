import { AppError, backoffMs } from '@tidings/runtime';
import type { IncomingRecord, PartitionRef } from '../bus.ts';
import { reasonOf } from '../client/errors.ts';
import type { LaneProgress } from './lag.ts';
import { LaneCommitter } from './offset-committer.ts';
import { LaneOpener } from './partition-opener.ts';
import {
  type CommitOffset,
  type FetchedBatch,
  type LaneSetOptions,
  laneKey,
  reopenBackoff,
} from './partition-source.ts';
import { type LaneHandlers, PartitionLane } from './partition-worker.ts';

/**
 * The partitions that a consumer owns at present. Knows about generations, restoring, holding back and committing, and
 * nothing about Kafka: the memory bus runs on the same code.
 */
export class LaneSet<T> {
  readonly #options: LaneSetOptions<T>;
  readonly #handlers: LaneHandlers<T>;
  readonly #opener: LaneOpener<T>;
  readonly #committer: LaneCommitter<T>;
  readonly #lanes = new Map<string, PartitionLane<T>>();
  /** Failures in a row by partition, until its committed offset has passed the place where it failed. */
  readonly #failures = new Map<string, Readonly<{ count: number; offset: number }>>();
  /** Partitions that wait for their restart. */
  readonly #restarting = new Set<string>();
  #onIdle: () => void = () => {};
  #isClosing = false;

  constructor(options: LaneSetOptions<T>) {
    this.#options = options;
    const { run } = options;
    this.#handlers = {
      decode: (record) => run.decode(record),
      onBatch: (batch) => run.onBatch(batch),
      onPoison: (record, error, done) => void this.#bury(record, error, done),
      onFailure: (lane, error) => this.#restart(lane, error),
      onRoom: (lane) => this.#resume(lane),
      onIdle: () => this.#onIdle(),
    };
    this.#opener = new LaneOpener({
      ...options,
      isClosing: () => this.#isClosing,
      onFailed: (lane, error) => this.#restart(lane, error),
      onOpened: (lane) => {
        this.#restarting.delete(laneKey(lane.ref));
        this.#resume(lane);
      },
    });
    this.#committer = new LaneCommitter(options, (lane) => this.#forgetFailure(lane));
  }

  /** How far the work on each partition is. */
  progress(): Iterable<LaneProgress> {
    return this.#lanes.values();
  }

  pending(): number {
    let pending = 0;
    for (const lane of this.#lanes.values()) pending += lane.pending;
    return pending;
  }

  assigned(): PartitionRef[] {
    return [...this.#lanes.values()].map(({ ref }) => ref);
  }

  /** Whether some partition waits for its restart after a failed handler. */
  get isRestarting(): boolean {
    return this.#restarting.size > 0;
  }

  /** Partitions that should be receiving records, and the next offset that each wants. */
  wanting(): CommitOffset[] {
    const lanes = [...this.#lanes.values()].filter(({ isOpen, isPaused }) => isOpen && !isPaused);
    return lanes.map(({ ref, position }) => ({ ...ref, offset: position }));
  }

  /** The next offset that an open partition wants, else 0. */
  position(ref: PartitionRef): number {
    return this.#openLane(ref)?.position ?? 0;
  }

  /** Offsets before `offset` hold nothing for us. */
  skipTo(ref: PartitionRef, offset: number): void {
    this.#openLane(ref)?.skipTo(offset);
  }

  /**
   * A new generation has begun. Lanes go on where the partition stayed ours (`isSameMember`: nobody else can have had it
   * in between); all others are closed, and new ones are opened.
   */
  assign(refs: readonly PartitionRef[], { isSameMember }: Readonly<{ isSameMember: boolean }>): void {
    const { source } = this.#options;
    const present = new Map(refs.map((ref) => [laneKey(ref), ref]));
    for (const lane of [...this.#lanes.values()]) {
      if (!isSameMember || !present.has(laneKey(lane.ref))) this.#lose(lane);
    }
    const fresh: PartitionLane<T>[] = [];
    for (const [key, ref] of present) {
      let lane = this.#lanes.get(key);
      if (lane === undefined) {
        lane = this.#createLane(ref);
        fresh.push(lane);
      }
      // After a rejoin kafkajs starts again from the committed offset: go on where we are instead.
      if (lane.isOpen) source.seek(ref, lane.position);
      if (lane.isPaused) source.pause(ref);
    }
    if (fresh.length > 0) void this.#opener.open(fresh);
  }

  /** Hands on what was fetched. False when it is not what the partition waits for and must be fetched again. */
  deliver({ ref, fetchedOffset, endOffset, records }: FetchedBatch): boolean {
    const lane = this.#openLane(ref);
    if (lane === undefined || this.#isClosing) return false;
    // Fetched for an earlier generation, past records that this one has not seen.
    if (fetchedOffset > lane.position) return false;
    lane.deliver(records, endOffset);
    if (lane.isOpen && lane.isFull && !lane.isPaused) {
      lane.isPaused = true;
      this.#options.source.pause(ref);
    }
    return true;
  }

  /**
   * The log went on behind a place that was not seen: either what came was fetched for an earlier generation (fetch from
   * our own position again), or the records between have expired (then say so and go on behind them).
   */
  async realign(ref: PartitionRef): Promise<void> {
    const lane = this.#openLane(ref);
    if (lane === undefined || lane.isPaused || this.#isClosing) return;
    const { source, logger, run } = this.#options;
    lane.isPaused = true;
    source.pause(ref);
    try {
      const position = (await source.positions([ref])).get(laneKey(ref));
      if (position !== undefined && position.low > lane.position) {
        const fields = { ...ref, group: run.group, from: lane.position, to: position.low };
        logger.error(fields, 'consumer.records-lost');
        lane.skipTo(position.low);
      }
    } catch (error) {
      logger.warn({ ...ref, group: run.group, reason: reasonOf(error) }, 'consumer.positions-unavailable');
    }
    if (this.#openLane(ref) !== lane) return;
    source.seek(ref, lane.position);
    this.#resume(lane);
  }

  /** Gives the partition up and takes it again from its committed offset. */
  reopen(ref: PartitionRef, reason: string): void {
    const lane = this.#openLane(ref);
    if (lane !== undefined) this.#restart(lane, new AppError({ code: 'internal', message: reason }));
  }

  /** Commits what is contiguously done. Never rejects; what fails is committed the next time. */
  async commit(): Promise<void> {
    await this.#committer.commit(() => this.#lanes.values());
  }

  /** Stops taking records, waits until what is pending is done or `drainMs` have passed, and commits. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    for (const lane of this.#lanes.values()) {
      lane.isPaused = true;
      this.#options.source.pause(lane.ref);
    }
    await this.#drained(drainMs);
    await this.commit();
    for (const lane of this.#lanes.values()) lane.close();
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

  #openLane(ref: PartitionRef): PartitionLane<T> | undefined {
    const lane = this.#lanes.get(laneKey(ref));
    return lane?.isOpen ? lane : undefined;
  }

  #createLane(ref: PartitionRef): PartitionLane<T> {
    const { maxPendingPerPartition: records = 1_000, maxPendingBytesPerPartition: bytes = 8 * 1024 * 1024 } =
      this.#options.run;
    const lane = new PartitionLane(ref, { records, bytes }, this.#handlers);
    this.#lanes.set(laneKey(ref), lane);
    return lane;
  }

  #lose(lane: PartitionLane<T>): void {
    lane.close();
    this.#lanes.delete(laneKey(lane.ref));
    this.#restarting.delete(laneKey(lane.ref));
    const { run, logger } = this.#options;
    try {
      run.onRevoked?.(lane.ref);
    } catch (error) {
      // The partition is gone all the same.
      logger.error({ ...lane.ref, group: run.group, err: error }, 'consumer.revoke-failed');
    }
  }

  #resume(lane: PartitionLane<T>): void {
    if (this.#isClosing) return;
    lane.isPaused = false;
    this.#options.source.resume(lane.ref);
  }

  /** A handler failed: the partition stops, commits nothing, and starts again from the committed offset after a while. */
  #restart(lane: PartitionLane<T>, error: unknown): void {
    const { run, source, clock, logger, metrics } = this.#options;
    const key = laneKey(lane.ref);
    if (this.#lanes.get(key) !== lane) return;
    const failures = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = backoffMs({ attempt: failures, ...reopenBackoff });
    logger.error({ ...lane.ref, group: run.group, failures, delayMs, err: error }, 'consumer.handler-failed');
    metrics.restarts.inc({ group: run.group, reason: 'handler' });
    this.#lose(lane);
    const fresh = this.#createLane(lane.ref);
    this.#failures.set(key, { count: failures, offset: lane.position });
    this.#restarting.add(key);
    source.pause(lane.ref);
    if (!this.#isClosing) clock.setTimer(() => void this.#opener.open([fresh]), delayMs);
  }

  #forgetFailure(lane: PartitionLane<T>): void {
    const key = laneKey(lane.ref);
    const failure = this.#failures.get(key);
    if (failure !== undefined && lane.committedOffset >= failure.offset) this.#failures.delete(key);
  }

  async #bury(record: IncomingRecord, error: unknown, done: () => void): Promise<void> {
    const { poison, run, logger, metrics } = this.#options;
    const { topic, partition, offset } = record;
    const fields = { group: run.group, topic, partition, offset: String(offset), reason: reasonOf(error) };
    metrics.poisonRecords.inc({ topic });
    logger.warn(fields, 'consumer.record-poisoned');
    try {
      await poison(record, error);
      done();
    } catch (failure) {
      // It stays undone, so it is read and buried again by whoever has the partition next.
      logger.error({ ...fields, err: failure }, 'consumer.poison-not-buried');
    }
  }
}
