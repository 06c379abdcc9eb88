import type { EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';
import type { PartitionRef, PartitionRunner, RunPartitionsOptions, WorkerState } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { LaneSet } from './assigned-partitions.ts';
import { toIncomingRecord } from './incoming-record.ts';
import { fetchPositions, oldestAgeMs, watchLag } from './lag.ts';
import type { CommitOffset, LaneSetOptions } from './partition-source.ts';
import { stickyAssigner } from './sticky-assigner.ts';
import { StuckWatch } from './stuck-partitions.ts';
import { SupervisedConsumer } from './supervised-consumer.ts';

export type KafkaRunnerOptions<T> = Readonly<{
  endpoint: KafkaEndpoint;
  run: RunPartitionsOptions<T>;
  admin: SharedAdmin;
}> &
  Pick<LaneSetOptions<T>, 'poison' | 'clock' | 'metrics'>;

/** kafkajs's batch also knows where its fetch began; the typings leave it out. */
type FetchedFrom = Readonly<{ fetchedOffset: string }>;

const defaultDrainMs = 10_000;

/** A consumer group member over kafkajs: joins its events to a {@link LaneSet}, which does the thinking. */
export class KafkaRunner<T> implements PartitionRunner {
  readonly #options: KafkaRunnerOptions<T>;
  readonly #lanes: LaneSet<T>;
  readonly #consumer: SupervisedConsumer;
  #memberId = '';
  /** One commit try in the generation of the batch that it came with; consumer.commitOffsets would repeat it in a later one. */
  #commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  readonly #watch: StuckWatch;
  readonly #stopLag: () => void;
  #cancelCommits: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(options: KafkaRunnerOptions<T>) {
    this.#options = options;
    const { endpoint, run, clock, metrics, poison, admin } = options;
    this.#lanes = new LaneSet({
      run,
      poison,
      clock,
      metrics,
      logger: endpoint.logger,
      source: {
        pause: (ref) => this.#consumer.control((consumer) => consumer.pause([toSelection(ref)])),
        resume: (ref) => this.#consumer.control((consumer) => consumer.resume([toSelection(ref)])),
        seek: (ref, offset) =>
          this.#consumer.control((consumer) => consumer.seek({ ...ref, offset: String(offset) })),
        positions: (refs) => admin.run((client) => fetchPositions(client, run.group, refs)),
        canCommit: () => this.#commitOnce !== undefined,
        commit: async (offsets) => this.#commitOnce?.(toCommit(offsets)),
      },
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
      assigners: [stickyAssigner(() => this.#lanes.assigned())],
      clock,
      metrics,
      events: {
        onJoined: (join) => this.#join(join),
        onRebalancing: () => void this.#lanes.commit(),
        onBatch: (payload) => this.#deliver(payload),
        onEmptyBatch: ({ topic, partition, lastOffset }) =>
          this.#lanes.skipTo({ topic, partition }, Number(lastOffset) + 1),
        onLost: () => {
          this.#commitOnce = undefined;
        },
      },
    });
    const ends = async (refs: readonly PartitionRef[]) => {
      if (refs.length === 0) return new Map<string, number>();
      const positions = await admin.run((client) => fetchPositions(client, run.group, refs));
      return new Map([...positions].map(([key, { high }]) => [key, high]));
    };
    this.#stopLag = watchLag({
      clock,
      logger: endpoint.logger,
      progress: () => this.#lanes.progress(),
      ends,
      onLag: (records) => metrics.lagRecords.set({ group: run.group }, records),
    });
    this.#watch = new StuckWatch({
      clock,
      wanting: () => (this.#consumer.state === 'running' ? this.#lanes.wanting() : []),
      ends,
      onStuck: (refs) => {
        endpoint.logger.warn({ group: run.group, partitions: refs }, 'consumer.stuck');
        this.#consumer.restart('stuck');
      },
    });
  }

  start(): void {
    this.#consumer.start();
    this.#scheduleCommit();
  }

  state(): WorkerState {
    const { state } = this.#consumer;
    return state === 'running' && this.#lanes.isRestarting ? 'restarting' : state;
  }

  pending(): number {
    return this.#lanes.pending();
  }

  assigned(): readonly PartitionRef[] {
    return this.#lanes.assigned();
  }

  async close({ drainMs = defaultDrainMs }: Readonly<{ drainMs?: number }> = {}): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    await this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    await this.#lanes.close(drainMs);
    this.#cancelCommits();
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
    // Flags outlive a rebalance in kafkajs: a partition lost while paused and regained would stay paused for ever.
    this.#consumer.control((consumer) => consumer.resume(refs.map(toSelection)));
    const isSameMember = memberId === this.#memberId;
    this.#memberId = memberId;
    this.#lanes.assign(refs, { isSameMember });
  }

  #deliver({ batch, resolveOffset, isStale, commitOffsetsIfNecessary }: EachBatchPayload): void {
    this.#commitOnce = commitOffsetsIfNecessary;
    const { topic, partition, messages } = batch;
    const last = messages.at(-1);
    if (isStale() || last === undefined) return;
    const ref = { topic, partition };
    if (Number(batch.highWatermark) < this.#lanes.position(ref)) {
      this.#lanes.reopen(ref, 'the log ends before what was read of it: the topic was made anew');
      return;
    }
    const wasTaken = this.#lanes.deliver({
      ref,
      fetchedOffset: Number((batch as typeof batch & FetchedFrom).fetchedOffset),
      endOffset: Number(batch.lastOffset()) + 1,
      records: messages.map((message) => toIncomingRecord(topic, partition, message)),
    });
    if (wasTaken) resolveOffset(last.offset);
    else void this.#lanes.realign(ref);
  }

  #tellPending(): void {
    const { clock, run, metrics } = this.#options;
    const labels = { group: run.group };
    metrics.pendingRecords.set(labels, this.#lanes.pending());
    metrics.lagSeconds.set(labels, oldestAgeMs(this.#lanes.progress(), clock.nowMs()) / 1_000);
  }

  #scheduleCommit(): void {
    const { clock, run } = this.#options;
    this.#cancelCommits = clock.setTimer(() => {
      this.#tellPending();
      void this.#lanes.commit();
      this.#scheduleCommit();
    }, run.commitIntervalMs ?? 500);
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
