import type { EachBatchPayload, KafkaMessage, OffsetsByTopicPartition } from 'kafkajs';
import type { SharedAdmin } from '../admin/shared-admin.ts';
import type { PartitionRef, PartitionRunner, RunPartitionsOptions, WorkerState } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import type { HandOver } from '../hand-over/hand-over.ts';
import { listenIfUrgent, PartitionHandOver } from '../hand-over/partition-hand-over.ts';
import { AssignedPartitions } from './assigned-partitions.ts';
import { CommitTimer } from './commit-timer.ts';
import { toIncomingRecord } from './incoming-record.ts';
import { fetchPositions, type LagWatchOptions, oldestAgeMs, watchLag } from './lag.ts';
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
  /** Tells what this process has appended. */
  handOver: HandOver;
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
  readonly #handOver: PartitionHandOver<T>;
  readonly #stopListening: () => void;
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
    this.#handOver = this.#createHandOver();
    this.#stopListening = listenIfUrgent(options.handOver, run, this.#handOver);
    const ends = (refs: readonly PartitionRef[]) => options.ends.of(refs);
    this.#watch = this.#watchStuck(ends);
    this.#stopLag = watchLag({
      clock,
      logger,
      progress: () => this.#partitions.progress(),
      ends,
      onLag: (records) => metrics.lagRecords.set({ group: run.group }, records),
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

  #watchStuck(ends: LagWatchOptions['ends']): StuckPartitions {
    const { clock, endpoint, run } = this.#options;
    return new StuckPartitions({
      clock,
      awaitingRecords: () => (this.#consumer.state === 'running' ? this.#partitions.awaitingRecords() : []),
      ends,
      onStuck: (refs) => {
        endpoint.logger.warn({ group: run.group, partitions: refs }, 'consumer.stuck');
        this.#consumer.restart('stuck');
      },
    });
  }

  #createHandOver(): PartitionHandOver<T> {
    return new PartitionHandOver({
      ...this.#options,
      partitions: this.#partitions,
      // Before its first fetch a consumer has no means to commit.
      isOwner: () => this.#consumer.isMember && this.#commitOnce !== undefined,
      onPassedOn: () => this.#commits.start(),
    });
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
      onRebalancing: () => {
        this.#handOver.stop();
        void this.#partitions.commit();
      },
      onBatch: (payload) => this.#deliver(payload),
      onEmptyBatch: ({ topic, partition, lastOffset }) => {
        this.#partitions.skipTo({ topic, partition }, Number(lastOffset) + 1);
        if (!this.#partitions.isSettled) this.#commits.start();
      },
      onLost: () => {
        this.#handOver.stop();
        this.#commitOnce = undefined;
      },
    };
  }

  async #close(drainMs: number): Promise<void> {
    this.#stopListening();
    this.#handOver.stop();
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
    this.#handOver.stop();
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
    if (Number(batch.highWatermark) < this.#partitions.fetchedTo(ref)) {
      this.#partitions.reopen(ref, 'the log ends before the position: the topic was recreated');
      return;
    }
    const wasTaken = this.#partitions.deliver({
      ref,
      fetchedOffset: Number((batch as typeof batch & FetchedFrom).fetchedOffset),
      endOffset: Number(batch.lastOffset()) + 1,
      records: this.#unseen(ref, messages).map((message) => toIncomingRecord(topic, partition, message)),
    });
    this.#commits.start();
    if (wasTaken) resolveOffset(last.offset);
    else void this.#partitions.realign(ref);
  }

  /** Returns the messages that were not handed over meanwhile. */
  #unseen(ref: PartitionRef, messages: readonly KafkaMessage[]): readonly KafkaMessage[] {
    const position = this.#partitions.position(ref);
    return messages.filter(({ offset }) => Number(offset) >= position);
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
