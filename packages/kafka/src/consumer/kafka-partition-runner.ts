import type { EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';
import type { PartitionRef, PartitionRunner, RunPartitionsOptions, WorkerState } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { AssignedPartitions } from './assigned-partitions.ts';
import { CommitTimer } from './commit-timer.ts';
import { toIncomingRecord } from './incoming-record.ts';
import { fetchPositions, oldestAgeMs, watchLag } from './lag.ts';
import {
  type AssignedPartitionsOptions,
  type CommitOffset,
  defaultCommitIntervalMs,
  type PartitionSource,
} from './partition-source.ts';
import type { SharedEnds } from './shared-ends.ts';
import { stickyAssigner } from './sticky-assigner.ts';
import { StuckPartitions } from './stuck-partitions.ts';
import { type ConsumerEvents, SupervisedConsumer } from './supervised-consumer.ts';

export type KafkaPartitionRunnerOptions<T> = Readonly<{
  endpoint: KafkaEndpoint;
  run: RunPartitionsOptions<T>;
  admin: SharedAdmin;
  /** Tells the ends of logs to all groups of the process. */
  ends: SharedEnds;
}> &
  Pick<AssignedPartitionsOptions<T>, 'poison' | 'clock' | 'metrics'>;

/** A kafkajs batch also holds the offset where its fetch began; the typings omit it. */
type FetchedFrom = Readonly<{ fetchedOffset: string }>;

const defaultDrainMs = 10_000;

/** The {@link PartitionRunner} over kafkajs: connects its events to {@link AssignedPartitions}, which holds the logic. */
export class KafkaPartitionRunner<T> implements PartitionRunner {
  readonly #options: KafkaPartitionRunnerOptions<T>;
  readonly #partitions: AssignedPartitions<T>;
  readonly #consumer: SupervisedConsumer;
  #memberId = '';
  /** Tries one commit, in the generation of its batch; consumer.commitOffsets would repeat it in a later one. */
  #commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  readonly #watch: StuckPartitions;
  readonly #stopLag: () => void;
  readonly #commits: CommitTimer;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaPartitionRunnerOptions<T>) {
    this.#options = options;
    const { endpoint, run, clock, metrics, poison } = options;
    const { logger } = endpoint;
    this.#partitions = new AssignedPartitions({
      run,
      poison,
      clock,
      metrics,
      logger,
      source: this.#source(),
    });
    this.#consumer = new SupervisedConsumer({
      endpoint,
      group: run.group,
      topics: run.topics.map(({ name }) => name),
      fetch: {
        maxBytesPerPartition: run.maxBytesPerPartition,
        minBytes: run.minBytes,
        maxWaitMs: run.maxWaitMs,
        intervalMs: run.fetchIntervalMs,
      },
      assigners: [stickyAssigner(() => this.#partitions.assigned())],
      clock,
      metrics,
      events: this.#events(),
    });
    this.#commits = this.#commitTimer();
    const ends = (refs: readonly PartitionRef[]) => options.ends.of(refs);
    this.#stopLag = watchLag({
      clock,
      logger,
      progress: () => this.#partitions.progress(),
      ends,
      onLag: (records) => metrics.lagRecords.set({ group: run.group }, records),
    });
    this.#watch = new StuckPartitions({
      clock,
      awaitingRecords: () => (this.#consumer.state === 'running' ? this.#partitions.awaitingRecords() : []),
      ends,
      onStuck: (refs) => {
        logger.warn({ group: run.group, partitions: refs }, 'consumer.stuck');
        this.#consumer.restart('stuck');
      },
    });
  }

  start(): void {
    this.#reportPending();
    this.#consumer.start();
  }

  state(): WorkerState {
    const { state } = this.#consumer;
    return state === 'running' && this.#partitions.isRestarting ? 'restarting' : state;
  }

  pending(): number {
    return this.#partitions.pending();
  }

  assigned(): readonly PartitionRef[] {
    return this.#partitions.assigned();
  }

  async close({ drainMs = defaultDrainMs }: Readonly<{ drainMs?: number }> = {}): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    await this.#closing;
  }

  #commitTimer(): CommitTimer {
    const { run, clock } = this.#options;
    return new CommitTimer({
      clock,
      everyMs: run.commitIntervalMs ?? defaultCommitIntervalMs,
      commit: async () => {
        await this.#partitions.commit();
        this.#reportPending();
      },
      isSettled: () => this.#partitions.isSettled,
    });
  }

  #source(): PartitionSource {
    const { admin, run } = this.#options;
    return {
      pause: (ref) => this.#consumer.control((consumer) => consumer.pause([toSelection(ref)])),
      resume: (ref) => this.#consumer.control((consumer) => consumer.resume([toSelection(ref)])),
      seek: (ref, offset) =>
        this.#consumer.control((consumer) => consumer.seek({ ...ref, offset: String(offset) })),
      positions: (refs) => admin.run((client) => fetchPositions(client, run, refs)),
      canCommit: () => this.#commitOnce !== undefined,
      commit: async (offsets) => this.#commitOnce?.(toCommit(offsets)),
    };
  }

  #events(): ConsumerEvents {
    return {
      onJoined: (join) => this.#join(join),
      onRebalancing: () => void this.#partitions.commit(),
      onBatch: (payload) => this.#deliver(payload),
      onEmptyBatch: ({ topic, partition, lastOffset }) => {
        this.#partitions.skipTo({ topic, partition }, Number(lastOffset) + 1);
        if (!this.#partitions.isSettled) this.#commits.start();
      },
      onLost: () => {
        this.#commitOnce = undefined;
      },
    };
  }

  async #close(drainMs: number): Promise<void> {
    await this.#partitions.close(drainMs);
    this.#commits.stop();
    this.#watch.stop();
    this.#stopLag();
    await this.#consumer.stop();
  }

  #join({
    memberId,
    assignment,
  }: {
    readonly memberId: string;
    readonly assignment: Readonly<Record<string, readonly number[]>>;
  }): void {
    const refs = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    // Pause flags outlive a rebalance in kafkajs: a partition lost while paused and regained would stay paused.
    this.#consumer.control((consumer) => consumer.resume(refs.map(toSelection)));
    const isSameMember = memberId === this.#memberId;
    this.#memberId = memberId;
    this.#partitions.assign(refs, { isSameMember });
  }

  #deliver({ batch, resolveOffset, isStale, commitOffsetsIfNecessary }: EachBatchPayload): void {
    this.#commitOnce = commitOffsetsIfNecessary;
    const { topic, partition, messages } = batch;
    const last = messages.at(-1);
    if (isStale() || last === undefined) return;
    const ref = { topic, partition };
    if (Number(batch.highWatermark) < this.#partitions.position(ref)) {
      this.#partitions.reopen(ref, 'the log ends before the position: the topic was recreated');
      return;
    }
    const wasTaken = this.#partitions.deliver({
      ref,
      fetchedOffset: Number((batch as typeof batch & FetchedFrom).fetchedOffset),
      endOffset: Number(batch.lastOffset()) + 1,
      records: messages.map((message) => toIncomingRecord(topic, partition, message)),
    });
    this.#commits.start();
    if (wasTaken) resolveOffset(last.offset);
    else void this.#partitions.realign(ref);
  }

  #reportPending(): void {
    const { clock, run, metrics } = this.#options;
    const labels = { group: run.group };
    metrics.pendingRecords.set(labels, this.#partitions.pending());
    metrics.lagSeconds.set(labels, oldestAgeMs(this.#partitions.progress(), clock.nowMs()) / 1_000);
  }
}

const toSelection = ({ topic, partition }: PartitionRef): { topic: string; partitions: number[] } => ({
  topic,
  partitions: [partition],
});

function toCommit(offsets: readonly CommitOffset[]): OffsetsByTopicPartition {
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset) });
    topics.set(topic, partitions);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
}
