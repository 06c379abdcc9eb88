import type { Clock } from '@tidings/runtime';
import type { SharedAdmin } from '../admin/shared-admin.ts';
import type { Follower, FollowOptions, LogEnds, WorkerState } from '../bus.ts';
import { partitionKey } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import { ownGroupSessionTimeoutMs } from '../consumer/create-consumer.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import { SupervisedConsumer } from '../consumer/supervised-consumer.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { temporaryGroup } from './temporary-group.ts';

export type LogFollowerOptions = Readonly<{
  endpoint: KafkaEndpoint;
  follow: FollowOptions;
  ends: readonly LogEnds[];
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called once when it closes. */
  onClosed: () => void;
}>;

/** A {@link Follower} over Kafka: one consumer with a group of its own that never commits. */
export class LogFollower implements Follower {
  readonly ends: readonly LogEnds[];
  readonly #options: LogFollowerOptions;
  readonly #consumer: SupervisedConsumer;
  readonly #group: string;
  /** Next offset of each partition: a rejoin continues there. */
  readonly #next = new Map<string, number>();
  #isClosed = false;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.ends = options.ends;
    const { endpoint, follow, clock, metrics } = options;
    for (const end of options.ends) this.#next.set(partitionKey(end), Number(follow.startAt(end)));
    this.#group = temporaryGroup(endpoint.reader ?? follow.service, 'follow');
    this.#consumer = new SupervisedConsumer({
      endpoint,
      group: this.#group,
      sessionTimeoutMs: ownGroupSessionTimeoutMs,
      topics: follow.topics.map(({ name }) => name),
      fetch: { intervalMs: follow.fetchIntervalMs },
      clock,
      metrics,
      events: {
        onJoined: ({ assignment }) => {
          for (const [topic, partitions] of Object.entries(assignment)) this.#seek(topic, partitions);
        },
        onBatch: ({ batch, resolveOffset, isStale }) => {
          const last = batch.messages.at(-1);
          if (isStale() || last === undefined || this.#isClosed) return;
          const { topic, partition, messages } = batch;
          const key = partitionKey({ topic, partition });
          const next = this.#next.get(key) ?? 0;
          const records = messages
            .filter(({ offset }) => Number(offset) >= next)
            .map((message) => toIncomingRecord(topic, partition, message));
          if (records.length > 0) follow.onRecords(records);
          this.#next.set(key, Math.max(next, Number(last.offset) + 1));
          resolveOffset(last.offset);
        },
      },
    });
    this.#consumer.start();
  }

  state(): WorkerState {
    return this.#consumer.state;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClosed();
    await this.#consumer.stop();
    const { admin, endpoint } = this.#options;
    try {
      await admin.run((client) => client.deleteGroups([this.#group]));
    } catch (error) {
      // It never committed, so the broker removes it once it is empty.
      endpoint.logger.debug({ group: this.#group, detail: detailOf(error) }, 'follower.group-not-deleted');
    }
  }

  // A partition that was added since is read from its beginning, where kafkajs starts without a commit.
  #seek(topic: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const offset = this.#next.get(partitionKey({ topic, partition }));
      if (offset === undefined) continue;
      this.#consumer.control((consumer) => consumer.seek({ topic, partition, offset: String(offset) }));
    }
  }
}
