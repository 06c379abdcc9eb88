import { type Clock, runPeriodically } from '@tidings/runtime';
import type { Table, TableOptions } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
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
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called when it is closed. */
  onClosed: () => void;
}>;

const progressIntervalMs = 1_000;
const defaultStaleAfterMs = 30_000;

/** A {@link Table} that follows a topic through a {@link TopicsReader}, from the beginning of the topic at each boot. */
export class KafkaTable<V> implements Table<V>, TopicFollower {
  readonly #options: KafkaTableOptions<V>;
  readonly #view: TableView<V>;
  /** Next offset of each partition: applied records are not applied again when another table is opened. */
  readonly #positions = new Map<number, number>();
  readonly #ready: Promise<void>;
  #markReady: () => void = () => {};
  #partitions: readonly number[] = [];
  /** The end of each partition when its leader first told it: the table is ready when all are reached. */
  readonly #goals = new Map<number, number>();
  readonly #reached = new Set<number>();
  /** The ends of logs that are read again from their beginning, until they are reached. */
  readonly #restarts = new Map<number, number>();
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
    const lastContactMs = reader.lastContactMs(table.topic.name);
    return clock.monotonicMs() - lastContactMs > (table.staleAfterMs ?? defaultStaleAfterMs);
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

  onPartitions(partitions: readonly number[]): void {
    this.#partitions = partitions;
  }

  onBatch({ topic, partition, messages }: TopicBatch): void {
    const position = this.nextOffset(partition);
    for (const message of messages) {
      if (Number(message.offset) >= position) this.#view.apply(toIncomingRecord(topic, partition, message));
    }
  }

  onReached(partition: number, offset: number, end: number | undefined): void {
    // A reader that starts again for another table repeats offsets that this one has passed.
    if (offset > this.nextOffset(partition)) this.#positions.set(partition, offset);
    if (offset >= (this.#restarts.get(partition) ?? Infinity)) {
      this.#restarts.delete(partition);
      this.#view.endRestart(partition);
    }
    if (this.#isReady) return;
    const goal = this.#goals.get(partition) ?? end;
    if (goal === undefined) return;
    this.#goals.set(partition, goal);
    if (offset >= goal) this.#reached.add(partition);
    const isWhole = this.#partitions.length > 0 && this.#partitions.every((one) => this.#reached.has(one));
    if (isWhole) this.#becomeReady();
  }

  onRestarted(partition: number, end: number): void {
    const fields = { ...this.#names(), partition, position: this.nextOffset(partition), end };
    this.#options.endpoint.logger.warn(fields, 'table.topic-recreated');
    this.#positions.delete(partition);
    this.#goals.set(partition, end);
    this.#restarts.set(partition, end);
    this.#view.restart(partition);
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#stopProgress();
    this.#options.endpoint.logger.info({ ...this.#names(), entries: this.#view.size }, 'table.ready');
    this.#markReady();
  }

  #reportProgress(): void {
    const partitionsLeft = this.#partitions.filter((one) => !this.#reached.has(one)).length;
    const fields = { ...this.#names(), entries: this.#view.size, partitionsLeft };
    this.#options.endpoint.logger.info(fields, 'table.loading');
  }

  #names() {
    const { topic, service } = this.#options.table;
    return { topic: topic.name, service };
  }
}
