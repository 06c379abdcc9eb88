import type { TopicDefinition } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, systemClock } from '@tidings/runtime';
import { SharedAdmin } from './admin/shared-admin.ts';
import {
  type Bus,
  type Follower,
  type FollowOptions,
  type IncomingRecord,
  type LogEnds,
  type PartitionRunner,
  type Producer,
  partitionKey,
  type ReadRangeOptions,
  type ReadRecordsOptions,
  type Relay,
  type RelayOptions,
  type RunPartitionsOptions,
  type Table,
  type TableOptions,
  type TopicPartitionLag,
} from './bus.ts';
import type { KafkaEndpoint } from './client/client.ts';
import { createDeadLetterWriter } from './consumer/dead-letter-writer.ts';
import { startRelay } from './consumer/delay-relay.ts';
import { KafkaPartitionRunner } from './consumer/kafka-partition-runner.ts';
import { fetchEnds, fetchTopicEnds, fetchTopicPositions, lagUntil } from './consumer/lag.ts';
import { SharedEnds } from './consumer/shared-ends.ts';
import { HandOver } from './hand-over/hand-over.ts';
import { type KafkaMetricHandles, noMetrics } from './metrics.ts';
import { KafkaProducer } from './producer/kafka-producer.ts';
import { createKafkaTransport } from './producer/kafka-transport.ts';
import type { ClientSecurity } from './security/client-security.ts';
import { KafkaTable } from './table/kafka-table.ts';
import { LogFollower } from './table/log-follower.ts';
import { RangeReader } from './table/range-reader.ts';
import { RecordReader } from './table/record-reader.ts';
import { TopicsReader } from './table/topics-reader.ts';

/** Connection options. `brokers`: host:port each. `clientId` names the service in broker logs and quotas. */
export type ConnectKafkaOptions = Readonly<{
  brokers: readonly string[];
  clientId: string;
  logger: Logger;
  /** Name in the groups that are used once: that for which the client has the right. Default: the service that reads. */
  reader?: string;
  clock?: Clock;
  metrics?: KafkaMetricHandles;
  /** TLS and the user of the connections. Default: plain text, no user. */
  security?: ClientSecurity;
}>;

type CloseOptions = Readonly<{ drainMs?: number }>;
type ReaderOptions = Pick<ReadRangeOptions, 'service' | 'maxFetchBytes'>;
type LagOptions = NonNullable<Parameters<Bus['lag']>[2]>;
type Closable = Readonly<{ close(options?: CloseOptions): Promise<void> }>;

/**
 * Connects a {@link Bus} to real brokers. Resolves at once, even while they are unavailable: each part connects at
 * first use and retries; `state()`, `isStale()` and the producer's deadlines report its state.
 */
export async function connectKafka(options: ConnectKafkaOptions): Promise<Bus> {
  return new KafkaBus(options);
}

class KafkaBus implements Bus {
  readonly #endpoint: KafkaEndpoint;
  readonly #clock: Clock;
  readonly #metrics: KafkaMetricHandles;
  readonly #admin: SharedAdmin;
  readonly #recordReader: RecordReader;
  readonly #consumers: Closable[] = [];
  readonly #producers: Closable[] = [];
  readonly #rangeReaders = new Map<string, RangeReader>();
  readonly #topicsReader: TopicsReader;
  readonly #ends: SharedEnds;
  readonly #handOver = new HandOver();
  /** Producer of relays and dead letters; the services limit and close their own producers. */
  #ownProducer: Producer | undefined;

  constructor({ clock = systemClock, metrics = noMetrics, ...endpoint }: ConnectKafkaOptions) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#admin = new SharedAdmin(this.#endpoint);
    this.#recordReader = new RecordReader(this.#endpoint, clock);
    this.#topicsReader = new TopicsReader(this.#parts());
    this.#ends = new SharedEnds(clock, async (refs) => this.#admin.run((client) => fetchEnds(client, refs)));
  }

  async producer(options: Parameters<Bus['producer']>[0] = {}): Promise<Producer> {
    const producer = this.#createProducer(options);
    this.#producers.push(producer);
    return producer;
  }

  async runPartitions<T>(run: RunPartitionsOptions<T>): Promise<PartitionRunner> {
    const runner = this.#run(run);
    this.#consumers.push(runner);
    return runner;
  }

  async table<V>(table: TableOptions<V>): Promise<Table<V>> {
    const opened: KafkaTable<V> = new KafkaTable({
      ...this.#parts(),
      table,
      reader: this.#topicsReader,
      onClosed: () => this.#forget(opened),
    });
    this.#consumers.push(opened);
    opened.start();
    return opened;
  }

  async relay(relay: RelayOptions): Promise<Relay> {
    const producer = this.#sharedProducer();
    const opened = await startRelay({
      relay,
      producer,
      clock: this.#clock,
      logger: this.#endpoint.logger,
      // The relay closes it, since only the relay's waiting records need not be finished.
      runPartitions: async (run) => this.#run(run),
    });
    this.#consumers.push(opened);
    return opened;
  }

  async readRange({ topic, partitions, from, until, onRecord, ...reader }: ReadRangeOptions): Promise<void> {
    const ends = await this.#admin.run((admin) => admin.fetchTopicOffsets(topic.name));
    const starts = 'offsets' in from ? from.offsets : await this.#offsetsAt(topic, from.timestampMs);
    const reads = partitions.map(async (partition) => {
      const end = ends.find((candidate) => candidate.partition === partition);
      const low = Number(end?.low ?? 0);
      const range = {
        from: Math.max(Number(starts.get(partition) ?? low), low),
        until: Math.min(Number(until?.get(partition) ?? Infinity), Number(end?.high ?? 0)),
      };
      if (range.from < range.until) await this.#rangeReader(topic, reader).read(partition, range, onRecord);
    });
    await Promise.all(reads);
  }

  async follow(follow: FollowOptions): Promise<Follower> {
    const ends = await this.ends(follow.topics);
    const onClosed = () => this.#forget(opened);
    const opened: LogFollower = new LogFollower({ ...this.#parts(), follow, ends, onClosed });
    this.#consumers.push(opened);
    return opened;
  }

  async ends(topics: readonly TopicDefinition[]): Promise<readonly LogEnds[]> {
    const names = topics.map(({ name }) => name);
    const ends = await this.#admin.run((admin) => fetchTopicEnds(admin, names));
    return ends.map(({ ref, low, high }) => ({
      ...ref,
      lowOffset: BigInt(low),
      highOffset: BigInt(high),
    }));
  }

  async readRecords({ topic, positions }: ReadRecordsOptions): Promise<readonly (IncomingRecord | null)[]> {
    return this.#recordReader.read(topic.name, positions);
  }

  async lag(
    group: string,
    topics: readonly TopicDefinition[],
    { writtenBeforeMs }: LagOptions = {},
  ): Promise<readonly TopicPartitionLag[]> {
    const lags = await this.#lagOf(group, topics);
    if (writtenBeforeMs === undefined) return lags;
    const ends = new Map<string, bigint>();
    for (const topic of topics) {
      for (const [partition, offset] of await this.#offsetsAt(topic, writtenBeforeMs)) {
        ends.set(partitionKey({ topic: topic.name, partition }), offset);
      }
    }
    return lags.map((lag) => lagUntil(lag, ends.get(partitionKey(lag)) ?? lag.highOffset));
  }

  async members(group: string): Promise<number> {
    const { groups } = await this.#admin.run((admin) => admin.describeGroups([group]));
    return groups.reduce((sum, { members }) => sum + members.length, 0);
  }

  async #lagOf(group: string, topics: readonly TopicDefinition[]): Promise<readonly TopicPartitionLag[]> {
    return this.#admin.run(async (admin) => {
      const names = topics.map(({ name }) => name);
      const positions = await fetchTopicPositions(admin, group, { topics: names, leaderless: 'an-error' });
      return positions.map(({ ref, position }) => {
        const committedOffset = BigInt(position.committed ?? position.low);
        const highOffset = BigInt(position.high);
        return { ...ref, committedOffset, highOffset, lagRecords: highOffset - committedOffset };
      });
    });
  }

  async close(options?: CloseOptions): Promise<void> {
    const readers = [...this.#rangeReaders.values()].map((reader) => reader.close());
    await Promise.all([...readers, ...this.#consumers.splice(0).map((part) => part.close(options))]);
    // Consumers send their last records through these producers.
    await Promise.all(this.#producers.splice(0).map((part) => part.close()));
    await this.#ownProducer?.close();
    await this.#recordReader.close();
    await this.#admin.close();
  }

  /** Lets go of a consumer that was closed before the bus. */
  #forget(closed: Closable): void {
    const index = this.#consumers.indexOf(closed);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  #parts() {
    return { endpoint: this.#endpoint, admin: this.#admin, clock: this.#clock, metrics: this.#metrics };
  }

  #run<T>(run: RunPartitionsOptions<T>): PartitionRunner {
    const producer = () => this.#sharedProducer();
    const poison = createDeadLetterWriter({ group: run.group, clock: this.#clock, producer });
    const shared = { ends: this.#ends, handOver: this.#handOver };
    const runner = new KafkaPartitionRunner({ ...this.#parts(), ...shared, run, poison });
    runner.start();
    return runner;
  }

  #sharedProducer(): Producer {
    this.#ownProducer ??= this.#createProducer({});
    return this.#ownProducer;
  }

  #createProducer(options: NonNullable<Parameters<Bus['producer']>[0]>): Producer {
    return new KafkaProducer({
      ...options,
      transport: createKafkaTransport(this.#endpoint, this.#admin),
      clock: this.#clock,
      logger: this.#endpoint.logger,
      metrics: this.#metrics,
      handOver: this.#handOver,
    });
  }

  #rangeReader(topic: TopicDefinition, { service, maxFetchBytes }: ReaderOptions): RangeReader {
    const key = `${service} ${topic.name} ${maxFetchBytes ?? ''}`;
    let reader = this.#rangeReaders.get(key);
    if (reader === undefined) {
      const onIdle = () => void this.#rangeReaders.delete(key);
      reader = new RangeReader({ ...this.#parts(), topic: topic.name, service, maxFetchBytes, onIdle });
      this.#rangeReaders.set(key, reader);
    }
    return reader;
  }

  async #offsetsAt(topic: TopicDefinition, timestampMs: number): Promise<ReadonlyMap<number, bigint>> {
    const offsets = await this.#admin.run((admin) =>
      admin.fetchTopicOffsetsByTimestamp(topic.name, Math.max(0, Math.floor(timestampMs))),
    );
    return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
  }
}
