import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { backoffMs, type Clock, runPeriodically, sleep } from '@tidings/runtime';
import type { EachBatchPayload } from 'kafkajs';
import type { Table, TableOptions } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import type { SharedAdmin } from '../client/shared-admin.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import { SupervisedConsumer } from '../consumer/supervised-consumer.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { TableView } from './table-view.ts';

export type KafkaTableOptions<V> = Readonly<{
  endpoint: KafkaEndpoint;
  table: TableOptions<V>;
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
}>;

const progressIntervalMs = 1_000;
// kafkajs never reports the end of a log that compaction has emptied (#1072): after this long without a record, while
// the brokers respond, the end is reached.
const emptyTailMs = 5_000;
const defaultStaleAfterMs = 30_000;
const goalBackoff = { baseMs: 250, maxMs: 2_000, random: Math.random };

/**
 * Returns the name of a group that only one process ever uses: it never commits, so the broker removes it by itself.
 */
export const temporaryGroup = (purpose: string): string => `${purpose}-${hostname()}-${randomUUID()}`;

/** A {@link Table} over a consumer with its own group, read from the beginning at each boot. */
export class KafkaTable<V> implements Table<V> {
  readonly #options: KafkaTableOptions<V>;
  readonly #view: TableView<V>;
  readonly #consumer: SupervisedConsumer;
  readonly #group: string;
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
    this.#group = temporaryGroup(`table-${table.service}-${table.topic.name}`);
    this.#ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    this.#consumer = new SupervisedConsumer({
      endpoint,
      group: this.#group,
      topics: [table.topic.name],
      clock,
      metrics,
      events: {
        onJoined: () => this.#continue(),
        onBatch: (payload) => this.#apply(payload),
        onEmptyBatch: ({ partition, lastOffset }) => this.#reached(partition, Number(lastOffset) + 1),
      },
    });
  }

  start(): void {
    this.#consumer.start();
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
    const { clock, table } = this.#options;
    return clock.monotonicMs() - this.#consumer.lastContactMs > (table.staleAfterMs ?? defaultStaleAfterMs);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopProgress();
    await this.#consumer.stop();
    try {
      await this.#options.admin.run((admin) => admin.deleteGroups([this.#group]));
    } catch (error) {
      // It never committed, so the broker removes it once it is empty.
      this.#options.endpoint.logger.debug(
        { group: this.#group, detail: detailOf(error) },
        'table.group-not-deleted',
      );
    }
  }

  #continue(): void {
    const topic = this.#options.table.topic.name;
    for (const [partition, offset] of this.#positions) {
      this.#consumer.control((consumer) => consumer.seek({ topic, partition, offset: String(offset) }));
    }
  }

  #apply({ batch, resolveOffset, isStale }: EachBatchPayload): void {
    const { topic, partition, messages, highWatermark } = batch;
    const last = messages.at(-1);
    if (isStale() || last === undefined) return;
    let position = this.#positions.get(partition) ?? 0;
    if (Number(highWatermark) < position) {
      this.#options.endpoint.logger.warn(
        { topic, partition, position, highWatermark },
        'table.topic-recreated',
      );
      position = 0;
    }
    for (const message of messages) {
      if (Number(message.offset) >= position) this.#view.apply(toIncomingRecord(topic, partition, message));
    }
    resolveOffset(last.offset);
    this.#reached(partition, Number(batch.lastOffset()) + 1);
  }

  #reached(partition: number, offset: number): void {
    this.#positions.set(partition, offset);
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
    const { clock, endpoint, table } = this.#options;
    const fields = { topic: table.topic.name, entries: this.#view.size, partitionsLeft: this.#goals?.size };
    endpoint.logger.info(fields, 'table.loading');
    const nowMs = clock.monotonicMs();
    const isQuiet = nowMs - this.#lastProgressMs > emptyTailMs;
    const isConnected =
      this.#consumer.state === 'running' && nowMs - this.#consumer.lastContactMs < emptyTailMs;
    if (this.#goals !== undefined && isQuiet && isConnected && this.#consumer.runningForMs > emptyTailMs) {
      endpoint.logger.warn({ ...fields, quietMs: emptyTailMs }, 'table.ready-without-end');
      this.#becomeReady();
    }
  }
}
