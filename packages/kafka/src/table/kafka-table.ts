import { backoffMs, type Clock, runPeriodically, sleep } from '@tidings/runtime';
import type { Table, TableOptions } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { ownGroupSessionTimeoutMs } from '../consumer/create-consumer.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { TableView } from './table-view.ts';
import type { TopicBatch, TopicFollower, TopicReader } from './topic-reader.ts';

export type KafkaTableOptions<V> = Readonly<{
  endpoint: KafkaEndpoint;
  table: TableOptions<V>;
  /** Reader of the topic, which other tables of the process may share. */
  reader: TopicReader;
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called when it is closed. */
  onClosed: () => void;
}>;

const progressIntervalMs = 1_000;
// kafkajs never reports the end of a log that compaction has emptied (#1072): after this long without a record, while
// the brokers respond, the end is reached.
const emptyTailMs = 5_000;
// At rest they respond to heartbeats, three in a session.
const contactMs = ownGroupSessionTimeoutMs;
const defaultStaleAfterMs = 30_000;
const goalBackoff = { baseMs: 250, maxMs: 2_000, random: Math.random };

/** A {@link Table} that follows a {@link TopicReader}, from the beginning of the topic at each boot. */
export class KafkaTable<V> implements Table<V>, TopicFollower {
  readonly #options: KafkaTableOptions<V>;
  readonly #view: TableView<V>;
  /** Next offset of each partition: applied records are not applied again after a rejoin. */
  readonly #positions = new Map<number, number>();
  readonly #ready: Promise<void>;
  #markReady: () => void = () => {};
  /** Partitions whose high watermark at the start was not reached yet; undefined until it is known. */
  #goals: Map<number, number> | undefined;
  #stopProgress: () => void = () => {};
  #lastProgressMs: number;
  #isReady = false;
  #isClosed = false;

  constructor(options: KafkaTableOptions<V>) {
    this.#options = options;
    const { table, endpoint, clock, metrics } = options;
    this.#lastProgressMs = clock.monotonicMs();
    this.#view = new TableView({ table, logger: endpoint.logger, metrics });
    this.#ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  start(): void {
    this.#options.reader.add(this);
    void this.#loadGoals();
    this.#stopProgress = runPeriodically({
      clock: this.#options.clock,
      firstMs: progressIntervalMs,
      everyMs: progressIntervalMs,
      run: () => this.#reportProgress(),
    });
  }

  get(key: string): V | undefined {
    return this.#view.get(key);
  }

  values(): IterableIterator<V> {
    return this.#view.values();
  }

  size(): number {
    return this.#view.size;
  }

  async ready(): Promise<void> {
    await this.#ready;
  }

  isStale(): boolean {
    const { clock, table, reader } = this.#options;
    return clock.monotonicMs() - reader.lastContactMs > (table.staleAfterMs ?? defaultStaleAfterMs);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopProgress();
    this.#options.onClosed();
    await this.#options.reader.remove(this);
  }

  nextOffset(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  onBatch({ topic, partition, messages, highWatermark }: TopicBatch): void {
    let position = this.nextOffset(partition);
    if (Number(highWatermark) < position) {
      this.#options.endpoint.logger.warn(
        { topic, partition, position, highWatermark },
        'table.topic-recreated',
      );
      position = 0;
      this.#positions.delete(partition);
    }
    for (const message of messages) {
      if (Number(message.offset) >= position) this.#view.apply(toIncomingRecord(topic, partition, message));
    }
  }

  onReached(partition: number, offset: number): void {
    // A reader that starts again for another table repeats offsets that this one has passed.
    if (offset > this.nextOffset(partition)) this.#positions.set(partition, offset);
    this.#lastProgressMs = this.#options.clock.monotonicMs();
    const goal = this.#goals?.get(partition);
    if (goal !== undefined && offset >= goal) this.#goals?.delete(partition);
    if (this.#goals?.size === 0) this.#becomeReady();
  }

  async #loadGoals(): Promise<void> {
    const { admin, table, clock, endpoint } = this.#options;
    const topic = table.topic.name;
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      try {
        const ends = await admin.run((client) => client.fetchTopicOffsets(topic));
        const open = ends.filter(
          ({ partition, high, low }) =>
            Number(high) > Math.max(Number(low), this.#positions.get(partition) ?? 0),
        );
        this.#goals = new Map(open.map(({ partition, high }) => [partition, Number(high)]));
        if (this.#goals.size === 0) this.#becomeReady();
        return;
      } catch (error) {
        endpoint.logger.warn({ topic, attempt, detail: detailOf(error) }, 'table.ends-unavailable');
        const delayMs = backoffMs({ attempt, ...goalBackoff });
        await sleep(clock, delayMs);
      }
    }
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#stopProgress();
    const { endpoint, table } = this.#options;
    endpoint.logger.info({ topic: table.topic.name, entries: this.#view.size }, 'table.ready');
    this.#markReady();
  }

  #reportProgress(): void {
    const { clock, endpoint, table, reader } = this.#options;
    const fields = { topic: table.topic.name, entries: this.#view.size, partitionsLeft: this.#goals?.size };
    endpoint.logger.info(fields, 'table.loading');
    const nowMs = clock.monotonicMs();
    const isQuiet = nowMs - this.#lastProgressMs > emptyTailMs;
    const isConnected = reader.state === 'running' && nowMs - reader.lastContactMs < contactMs;
    if (this.#goals !== undefined && isQuiet && isConnected && reader.runningForMs > emptyTailMs) {
      endpoint.logger.warn({ ...fields, quietMs: emptyTailMs }, 'table.ready-without-end');
      this.#becomeReady();
    }
  }
}
