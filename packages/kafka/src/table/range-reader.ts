import type { Clock } from '@tidings/runtime';
import type { EachBatchPayload } from 'kafkajs';
import type { SharedAdmin } from '../admin/shared-admin.ts';
import type { IncomingRecord, ReadRangeOptions } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import { SupervisedConsumer } from '../consumer/supervised-consumer.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { temporaryGroup } from './temporary-group.ts';

export type RangeReaderOptions = Readonly<{
  endpoint: KafkaEndpoint;
  topic: string;
  service: string;
  /** See {@link ReadRangeOptions}. */
  maxFetchBytes: number | undefined;
  admin: SharedAdmin;
  clock: Clock;
  metrics: KafkaMetricHandles;
  /** Called when it was idle and is closed: the next read requires a new one. */
  onIdle: () => void;
}>;

type Read = {
  readonly partition: number;
  next: number;
  readonly until: number;
  readonly onRecord: (record: IncomingRecord) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

// A rebalance requests many partitions one after the other: joining a group for each would take longer than reading.
const idleMs = 10_000;

/**
 * Reads ranges of one topic without a commit. One temporary consumer serves all reads of its topic: every partition is
 * paused except those being read. One read per partition at a time.
 */
export class RangeReader {
  readonly #options: RangeReaderOptions;
  readonly #consumer: SupervisedConsumer;
  readonly #group: string;
  readonly #reads = new Map<number, Read[]>();
  #cancelIdle: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(options: RangeReaderOptions) {
    this.#options = options;
    const { endpoint, topic, service, maxFetchBytes, clock, metrics } = options;
    this.#group = temporaryGroup(endpoint.reader ?? service, topic);
    this.#consumer = new SupervisedConsumer({
      endpoint,
      group: this.#group,
      topics: [topic],
      fetch: { maxWaitMs: 50, maxBytesPerPartition: maxFetchBytes },
      clock,
      metrics,
      events: {
        onJoined: ({ assignment }) => {
          const partitions = [...(assignment[topic] ?? [])];
          this.#consumer.control((consumer) => consumer.pause([{ topic, partitions }]));
          for (const [read] of this.#reads.values()) if (read !== undefined) this.#begin(read);
        },
        onBatch: (payload) => this.#take(payload),
        onEmptyBatch: ({ partition, lastOffset }) => this.#reached(partition, Number(lastOffset) + 1),
      },
    });
    this.#consumer.start();
    this.#armIdle();
  }

  /** Reads one partition from `from` to before `until`. */
  async read(
    partition: number,
    range: Readonly<{ from: number; until: number }>,
    onRecord: ReadRangeOptions['onRecord'],
  ): Promise<void> {
    if (range.from >= range.until) return;
    await new Promise<void>((resolve, reject) => {
      const read: Read = { partition, next: range.from, until: range.until, onRecord, resolve, reject };
      const waiting = this.#reads.get(partition);
      if (waiting !== undefined) waiting.push(read);
      else {
        this.#reads.set(partition, [read]);
        this.#begin(read);
      }
    });
  }

  async close(error: unknown = new Error('closed')): Promise<void> {
    this.#closing ??= this.#close(error);
    await this.#closing;
  }

  async #close(error: unknown): Promise<void> {
    this.#cancelIdle();
    this.#options.onIdle();
    for (const read of [...this.#reads.values()].flat()) read.reject(error);
    this.#reads.clear();
    await this.#consumer.stop();
    const { admin, endpoint } = this.#options;
    try {
      await admin.run((client) => client.deleteGroups([this.#group]));
    } catch (failure) {
      // It never committed, so the broker removes it once it is empty.
      endpoint.logger.debug(
        { group: this.#group, detail: detailOf(failure) },
        'range-reader.group-not-deleted',
      );
    }
  }

  #begin({ partition, next }: Read): void {
    const { topic } = this.#options;
    this.#consumer.control((consumer) => {
      consumer.seek({ topic, partition, offset: String(next) });
      consumer.resume([{ topic, partitions: [partition] }]);
    });
  }

  #take({ batch, resolveOffset, isStale }: EachBatchPayload): void {
    const { topic, partition, messages } = batch;
    const read = this.#reads.get(partition)?.[0];
    const last = messages.at(-1);
    if (isStale() || read === undefined || last === undefined) return;
    try {
      for (const message of messages) {
        const offset = Number(message.offset);
        if (offset < read.next) continue;
        if (offset >= read.until) break;
        read.onRecord(toIncomingRecord(topic, partition, message));
        read.next = offset + 1;
      }
    } catch (error) {
      this.#end(read, error);
      return;
    }
    resolveOffset(last.offset);
    this.#reached(partition, Number(batch.lastOffset()) + 1);
  }

  #reached(partition: number, offset: number): void {
    const read = this.#reads.get(partition)?.[0];
    if (read === undefined) return;
    read.next = Math.max(read.next, offset);
    if (read.next >= read.until) this.#end(read);
  }

  #end(read: Read, error?: unknown): void {
    const { topic } = this.#options;
    const { partition } = read;
    if (error === undefined) read.resolve();
    else read.reject(error);
    const waiting = (this.#reads.get(partition) ?? []).filter((other) => other !== read);
    const [next] = waiting;
    if (next !== undefined) {
      this.#reads.set(partition, waiting);
      this.#begin(next);
      return;
    }
    this.#reads.delete(partition);
    this.#consumer.control((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
    if (this.#reads.size === 0) this.#armIdle();
  }

  #armIdle(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#options.clock.setTimer(() => {
      if (this.#reads.size === 0) void this.close();
    }, idleMs);
  }
}
