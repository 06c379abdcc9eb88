import { backoffMs, type Clock, runPeriodically, sleep } from '@tidings/runtime';
import type { Table, TableOptions } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { TableView } from './table-view.ts';
import type { TopicBatch, TopicFollower } from './topic-cursors.ts';
import type { TopicsReader } from './topics-reader.ts';

export type KafkaTableOptions<V> = Readonly<{
  endpoint: KafkaEndpoint;
  table: TableOptions<V>;
  /** Reads the topics of all tables of the process. */
  reader: TopicsReader;
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called when it is closed. */
  onClosed: () => void;
}>;

const progressIntervalMs = 1_000;
const defaultStaleAfterMs = 30_000;
const goalBackoff = { baseMs: 250, maxMs: 2_000, random: Math.random };

/** A {@link Table} that follows a topic through a {@link TopicsReader}, from the beginning of the topic at each boot. */
export class KafkaTable<V> implements Table<V>, TopicFollower {
  readonly #options: KafkaTableOptions<V>;
  readonly #view: TableView<V>;
  /** Next offset of each partition: applied records are not applied again when another table is opened. */
  readonly #positions = new Map<number, number>();
  readonly #ready: Promise<void>;
  #markReady: () => void = () => {};
  /** Partitions whose high watermark at the start was not reached yet; undefined until it is known. */
  #goals: Map<number, number> | undefined;
  #stopProgress: () => void = () => {};
  #isReady = false;
  #isClosed = false;

  constructor(options: KafkaTableOptions<V>) {
    this.#options = options;
    const { table, endpoint, metrics } = options;
    this.#view = new TableView({ table, logger: endpoint.logger, metrics });
    this.#ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  start(): void {
    this.#options.reader.add(this.#options.table.topic.name, this);
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
    await this.#options.reader.remove(this.#options.table.topic.name, this);
  }

  nextOffset(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  onBatch({ topic, partition, messages, end }: TopicBatch): void {
    let position = this.nextOffset(partition);
    if (end < position) {
      this.#options.endpoint.logger.warn({ topic, partition, position, end }, 'table.topic-recreated');
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
        const fields = { ...this.#names(), attempt, detail: detailOf(error) };
        endpoint.logger.warn(fields, 'table.ends-unavailable');
        const delayMs = backoffMs({ attempt, ...goalBackoff });
        await sleep(clock, delayMs);
      }
    }
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#stopProgress();
    this.#options.endpoint.logger.info({ ...this.#names(), entries: this.#view.size }, 'table.ready');
    this.#markReady();
  }

  #reportProgress(): void {
    const fields = { ...this.#names(), entries: this.#view.size, partitionsLeft: this.#goals?.size };
    this.#options.endpoint.logger.info(fields, 'table.loading');
  }

  #names() {
    const { topic, service } = this.#options.table;
    return { topic: topic.name, service };
  }
}
