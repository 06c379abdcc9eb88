import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock } from '@tidings/runtime';
import type { IncomingRecord, PartitionRef, RunPartitionsOptions } from './bus.ts';
import { isOvertaken, reasonOf } from './kafka-errors.ts';
import type { KafkaMetricHandles } from './metrics.ts';
import { type LaneHandlers, PartitionLane } from './partition-lane.ts';

/** Where a group stands in a partition. `committed` is null when it never committed. */
export type LogPosition = Readonly<{ committed: number | null; low: number; high: number }>;

/** An offset to commit: the next one to read. */
export type CommitOffset = PartitionRef & Readonly<{ offset: number }>;

/** The log below a set of lanes: a kafkajs consumer, or the memory bus. */
export type LaneSource = Readonly<{
  pause(ref: PartitionRef): void;
  resume(ref: PartitionRef): void;
  /** The next fetch of the partition starts here. */
  seek(ref: PartitionRef, offset: number): void;
  /** Positions by {@link laneKey}. */
  positions(refs: readonly PartitionRef[]): Promise<ReadonlyMap<string, LogPosition>>;
  /** One try, in the present generation. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
}>;

export type LaneSetOptions<T> = Readonly<{
  run: RunPartitionsOptions<T>;
  source: LaneSource;
  poison: (record: IncomingRecord, error: unknown) => Promise<void>;
  clock: Clock;
  logger: Logger;
  metrics: KafkaMetricHandles;
}>;

/** What was fetched of one partition: from `fetchedOffset` (which was asked for) to before `endOffset`. */
export type FetchedBatch = Readonly<{
  ref: PartitionRef;
  fetchedOffset: number;
  endOffset: number;
  records: Iterable<IncomingRecord>;
}>;

export const laneKey = ({ topic, partition }: PartitionRef): string => `${topic} ${partition}`;

const commitFailuresATelling = 20;
const reopenBackoff = { baseMs: 250, maxMs: 30_000, random: Math.random };

/**
 * The partitions that a consumer owns at present. Knows about generations, restoring, holding back and committing, and
 * nothing about Kafka: the memory bus runs on the same code.
 */
export class LaneSet<T> {
  readonly #options: LaneSetOptions<T>;
  readonly #handlers: LaneHandlers<T>;
  readonly #lanes = new Map<string, PartitionLane<T>>();
  /** Failures in a row by partition, until its committed offset has passed the place where it failed. */
  readonly #failures = new Map<string, Readonly<{ count: number; offset: number }>>();
  /** Partitions that wait for their restart. */
  readonly #restarting = new Set<string>();
  #onIdle: () => void = () => {};
  #committing: Promise<void> | undefined;
  #commitFailures = 0;
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
    const lanes = [...this.#lanes.values()].filter(({ state, isPaused }) => state === 'open' && !isPaused);
    return lanes.map(({ ref, position }) => ({ ...ref, offset: position }));
  }

  /** The next offset that an open partition wants, else 0. */
  position(ref: PartitionRef): number {
    const lane = this.#lanes.get(laneKey(ref));
    return lane?.state === 'open' ? lane.position : 0;
  }

  /** Offsets before `offset` hold nothing for us. */
  skipTo(ref: PartitionRef, offset: number): void {
    const lane = this.#lanes.get(laneKey(ref));
    if (lane?.state === 'open') lane.skipTo(offset);
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
    for (const ref of present.values()) {
      const kept = this.#lanes.get(laneKey(ref));
      if (kept === undefined) fresh.push(this.#createLane(ref));
      // After a rejoin kafkajs starts again from the committed offset: go on where we are instead.
      else if (kept.state === 'open') source.seek(ref, kept.position);
      const lane = kept ?? fresh.at(-1);
      if (lane?.isPaused) source.pause(ref);
    }
    if (fresh.length > 0 && !this.#isClosing) void this.#open(fresh);
  }

  /** Hands on what was fetched. False when it is not what the partition waits for and must be fetched again. */
  deliver({ ref, fetchedOffset, endOffset, records }: FetchedBatch): boolean {
    const lane = this.#lanes.get(laneKey(ref));
    if (lane === undefined || lane.state !== 'open' || this.#isClosing) return false;
    // Fetched for an earlier generation, past records that this one has not seen.
    if (fetchedOffset > lane.position) return false;
    lane.deliver(records, endOffset);
    if (lane.isFull && !lane.isPaused && lane.state === 'open') {
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
    const lane = this.#lanes.get(laneKey(ref));
    if (lane?.state !== 'open' || lane.isPaused || this.#isClosing) return;
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
    if (this.#lanes.get(laneKey(ref)) !== lane) return;
    source.seek(ref, lane.position);
    this.#resume(lane);
  }

  /** Gives the partition up and takes it again from its committed offset. */
  reopen(ref: PartitionRef, reason: string): void {
    const lane = this.#lanes.get(laneKey(ref));
    if (lane?.state === 'open') this.#restart(lane, new AppError({ code: 'internal', message: reason }));
  }

  /** Commits what is contiguously done. Never rejects; what fails is committed the next time. */
  async commit(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#committing = this.#commit();
    try {
      await this.#committing;
    } finally {
      this.#committing = undefined;
    }
  }

  /** Stops taking records, waits until what is pending is done or `drainMs` have passed, and commits. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    for (const lane of this.#lanes.values()) this.#options.source.pause(lane.ref);
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
    this.#options.run.onRevoked?.(lane.ref);
  }

  /** A handler failed: the partition stops, commits nothing, and starts again from the committed offset after a while. */
  #restart(lane: PartitionLane<T>, error: unknown): void {
    const { run, source, clock, logger, metrics } = this.#options;
    const key = laneKey(lane.ref);
    if (this.#lanes.get(key) !== lane) return;
    const failures = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#lose(lane);
    const fresh = this.#createLane(lane.ref);
    this.#failures.set(key, { count: failures, offset: lane.position });
    this.#restarting.add(key);
    source.pause(lane.ref);
    const delayMs = backoffMs({ attempt: failures, ...reopenBackoff });
    logger.error({ ...lane.ref, group: run.group, failures, delayMs, err: error }, 'consumer.handler-failed');
    metrics.restarts.inc({ group: run.group, reason: 'handler' });
    if (!this.#isClosing) clock.setTimer(() => void this.#open([fresh]), delayMs);
  }

  async #open(lanes: readonly PartitionLane<T>[]): Promise<void> {
    const { run, source, clock, logger } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const waiting = lanes.filter((lane) => lane.state === 'opening');
      if (waiting.length === 0 || this.#isClosing) return;
      try {
        const positions = await source.positions(waiting.map(({ ref }) => ref));
        await Promise.all(waiting.map((lane) => this.#openOne(lane, positions.get(laneKey(lane.ref)))));
        return;
      } catch (error) {
        logger.warn({ group: run.group, attempt, reason: reasonOf(error) }, 'consumer.positions-unavailable');
        const delayMs = backoffMs({ attempt, ...reopenBackoff });
        await new Promise<void>((resolve) => clock.setTimer(resolve, delayMs));
      }
    }
  }

  async #openOne(lane: PartitionLane<T>, position: LogPosition | undefined): Promise<void> {
    const { run, source } = this.#options;
    const { ref } = lane;
    if (position === undefined) {
      throw new AppError({
        code: 'unavailable',
        message: `${ref.topic} has no partition ${ref.partition} yet`,
      });
    }
    const start = this.#startOf(ref, position);
    lane.startAt(start);
    lane.committedOffset = start;
    try {
      await run.onAssigned?.({
        ...ref,
        committedOffset: BigInt(start),
        lowOffset: BigInt(position.low),
        highOffset: BigInt(position.high),
      });
    } catch (error) {
      this.#restart(lane, error);
      return;
    }
    lane.open();
    if (lane.state !== 'open' || this.#isClosing) return;
    this.#restarting.delete(laneKey(ref));
    source.seek(ref, start);
    this.#resume(lane);
  }

  #startOf(ref: PartitionRef, { committed, low, high }: LogPosition): number {
    if (committed === null) return low;
    if (committed >= low && committed <= high) return committed;
    // Below the log: it was gone for longer than the topic keeps. Above it: the topic was made anew.
    this.#options.logger.error(
      { ...ref, group: this.#options.run.group, committed, low, high },
      'consumer.records-lost',
    );
    return low;
  }

  #resume(lane: PartitionLane<T>): void {
    if (this.#isClosing) return;
    lane.isPaused = false;
    this.#options.source.resume(lane.ref);
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

  async #commit(): Promise<void> {
    const { run, source, logger, metrics } = this.#options;
    const moved = [...this.#lanes.values()].filter(
      (lane) => lane.state === 'open' && lane.committable > lane.committedOffset,
    );
    if (moved.length === 0) return;
    const offsets = moved.map((lane) => ({ ...lane.ref, offset: lane.committable }));
    try {
      await source.commit(offsets);
      metrics.commits.inc({ group: run.group, outcome: 'ok' });
      this.#commitFailures = 0;
      for (const [at, lane] of moved.entries()) this.#committed(lane, offsets[at]?.offset ?? 0);
    } catch (error) {
      const isExpected = isOvertaken(error);
      metrics.commits.inc({ group: run.group, outcome: isExpected ? 'overtaken' : 'failed' });
      if (!isExpected) this.#commitFailures += 1;
      const fields = { group: run.group, failures: this.#commitFailures, reason: reasonOf(error) };
      // Said at the first and then now and again: a coordinator's death takes some twenty of them.
      const isTold = !isExpected && this.#commitFailures % commitFailuresATelling === 1;
      logger[isTold ? 'warn' : 'debug'](
        fields,
        isExpected ? 'consumer.commit-overtaken' : 'consumer.commit-failed',
      );
    }
  }

  #committed(lane: PartitionLane<T>, offset: number): void {
    lane.committedOffset = offset;
    const failure = this.#failures.get(laneKey(lane.ref));
    if (failure !== undefined && offset >= failure.offset) this.#failures.delete(laneKey(lane.ref));
  }
}
