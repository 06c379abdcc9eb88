import type { Clock } from '@tidings/runtime';
import type { EachBatchPayload } from 'kafkajs';
import type { WorkerState } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { ownGroupSessionTimeoutMs } from '../consumer/create-consumer.ts';
import { SupervisedConsumer } from '../consumer/supervised-consumer.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { temporaryGroup } from './temporary-group.ts';

/** A batch of records of one partition. */
export type TopicBatch = EachBatchPayload['batch'];

/** A part that reads a whole topic from its beginning, and every later record. */
export type TopicFollower = Readonly<{
  /** Returns the next offset that it requires of a partition; 0 if it has none of its records. */
  nextOffset(partition: number): number;
  /** Called with each batch; records before its next offset may occur again. */
  onBatch(batch: TopicBatch): void;
  /** Called when every offset before `offset` has been passed. */
  onReached(partition: number, offset: number): void;
}>;

export type TopicReaderOptions = Readonly<{
  endpoint: KafkaEndpoint;
  topic: string;
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called when the last follower has left and the reader closes. */
  onUnused: () => void;
}>;

// Tables of a process that starts are opened within this time, and then share the first read.
const lingerMs = 50;

/**
 * Reads a compacted topic once for all followers in the process: one consumer with a group of its own that never
 * commits. A follower that is added later starts a new consumer, so that it receives every record from the beginning
 * in order; the others skip what they have.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  /** Followers of the current consumer. */
  readonly #followers = new Set<TopicFollower>();
  /** Followers that wait for the next consumer. */
  readonly #waiting = new Set<TopicFollower>();
  #current: Readonly<{ consumer: SupervisedConsumer; group: string }> | undefined;
  #cancelOpen: (() => void) | undefined;
  readonly #createdAtMs: number;

  constructor(options: TopicReaderOptions) {
    this.#options = options;
    this.#createdAtMs = options.clock.monotonicMs();
  }

  get state(): WorkerState {
    return this.#current?.consumer.state ?? 'starting';
  }

  /** Time of the brokers' last response (monotonic). */
  get lastContactMs(): number {
    return this.#current?.consumer.lastContactMs ?? this.#createdAtMs;
  }

  /** Time for which the consumer has been a group member. */
  get runningForMs(): number {
    return this.#current?.consumer.runningForMs ?? 0;
  }

  /** Adds a follower, which receives the topic from its next offsets on. */
  add(follower: TopicFollower): void {
    this.#waiting.add(follower);
    this.#cancelOpen ??= this.#options.clock.setTimer(() => {
      this.#cancelOpen = undefined;
      this.#open();
    }, lingerMs);
  }

  /** Removes a follower. After the last one the consumer stops and its group is deleted. */
  async remove(follower: TopicFollower): Promise<void> {
    const isKnown = this.#followers.delete(follower) || this.#waiting.delete(follower);
    if (!isKnown || this.#followers.size + this.#waiting.size > 0) return;
    this.#cancelOpen?.();
    this.#options.onUnused();
    await this.#closeCurrent();
  }

  #open(): void {
    void this.#closeCurrent();
    for (const follower of this.#waiting) this.#followers.add(follower);
    this.#waiting.clear();
    const { endpoint, topic, clock, metrics } = this.#options;
    const group = temporaryGroup(`table-${topic}`);
    const consumer = new SupervisedConsumer({
      endpoint,
      group,
      topics: [topic],
      sessionTimeoutMs: ownGroupSessionTimeoutMs,
      clock,
      metrics,
      events: {
        onJoined: ({ assignment }) => {
          if (this.#current?.consumer === consumer) this.#seek(assignment[topic] ?? []);
        },
        onBatch: (payload) => {
          if (this.#current?.consumer === consumer) this.#onBatch(payload);
        },
        onEmptyBatch: ({ partition, lastOffset }) => {
          if (this.#current?.consumer === consumer) this.#onReached(partition, Number(lastOffset) + 1);
        },
      },
    });
    this.#current = { consumer, group };
    consumer.start();
  }

  async #closeCurrent(): Promise<void> {
    const closing = this.#current;
    this.#current = undefined;
    if (closing === undefined) return;
    const { admin, endpoint } = this.#options;
    const { consumer, group } = closing;
    await consumer.stop();
    try {
      await admin.run((client) => client.deleteGroups([group]));
    } catch (error) {
      // It never committed, so the broker removes it once it is empty.
      endpoint.logger.debug({ group, detail: detailOf(error) }, 'table.group-not-deleted');
    }
  }

  // kafkajs starts at the beginning after a join, because the group never commits.
  #seek(partitions: readonly number[]): void {
    const { topic } = this.#options;
    for (const partition of partitions) {
      const offset = Math.min(...[...this.#followers].map((follower) => follower.nextOffset(partition)));
      if (offset === 0) continue;
      this.#current?.consumer.control((consumer) =>
        consumer.seek({ topic, partition, offset: String(offset) }),
      );
    }
  }

  #onBatch({ batch, resolveOffset, isStale }: EachBatchPayload): void {
    const last = batch.messages.at(-1);
    if (isStale() || last === undefined) return;
    for (const follower of this.#followers) follower.onBatch(batch);
    resolveOffset(last.offset);
    this.#onReached(batch.partition, Number(batch.lastOffset()) + 1);
  }

  #onReached(partition: number, offset: number): void {
    for (const follower of this.#followers) follower.onReached(partition, offset);
  }
}
