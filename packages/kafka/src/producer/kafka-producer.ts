import { setMaxListeners } from 'node:events';
import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock, sleep } from '@tidings/runtime';
import type { Message } from 'kafkajs';
import type { OutgoingRecord, Producer, PublishOptions, RecordPosition } from '../bus.ts';
import { closedError, detailOf } from '../client/errors.ts';
import type { HandOver } from '../hand-over/hand-over.ts';
import { type KafkaMetricHandles, noMetrics } from '../metrics.ts';
import { partitionForKey } from './partitioner.ts';
import { PublishGroup } from './publish-group.ts';
import type { BufferedRecord } from './record-buffer.ts';
import { measureRecord } from './record-size.ts';
import { SendLoop, type SendTransport } from './send-loop.ts';

/** Options of a producer. `maxBufferedRecords` (10,000) and `maxBufferedBytes` (32 MiB) limit its buffer. */
export type KafkaProducerOptions = Readonly<{
  transport: SendTransport;
  clock: Clock;
  logger: Logger;
  metrics?: KafkaMetricHandles | undefined;
  maxBufferedRecords?: number | undefined;
  maxBufferedBytes?: number | undefined;
  /** Told of what was appended. */
  handOver?: HandOver | undefined;
}>;

const drainMs = 10_000;
const topicBackoff = { baseMs: 200, maxMs: 2_000, random: Math.random };

type Unplaced = Readonly<{ record: OutgoingRecord; buffered: BufferedRecord }>;

/** The {@link Producer} over a transport: fixes each record's partition, limits the buffer, and delegates sends. */
export class KafkaProducer implements Producer {
  readonly #options: KafkaProducerOptions;
  readonly #metrics: KafkaMetricHandles;
  readonly #abort = new AbortController();
  readonly #loop: SendLoop;
  /** Records of topics whose partition count is not known yet, in order. */
  readonly #unplaced = new Map<string, Unplaced[]>();
  #waiting: (() => void)[] = [];
  #records = 0;
  #bytes = 0;
  #isClosing = false;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaProducerOptions) {
    // One listener for each partition under retry.
    setMaxListeners(0, this.#abort.signal);
    this.#options = options;
    this.#metrics = options.metrics ?? noMetrics;
    const { transport, clock, logger } = options;
    this.#loop = new SendLoop({
      transport,
      clock,
      logger,
      metrics: this.#metrics,
      signal: this.#abort.signal,
      handOver: options.handOver,
      onSettled: (records) => this.#forget(records),
    });
  }

  async publish(record: OutgoingRecord, options?: PublishOptions): Promise<RecordPosition> {
    const [position] = await this.publishAll([record], options);
    if (position === undefined)
      throw new AppError({ code: 'internal', message: 'acknowledged without a position' });
    return position;
  }

  async publishAll(
    records: readonly OutgoingRecord[],
    options: PublishOptions = {},
  ): Promise<readonly RecordPosition[]> {
    if (records.length === 0) return [];
    this.#assertOpen(options.deadlineMs);
    // All are measured before any is accepted: a group is accepted as a whole or not at all.
    const sizes = records.map(measureRecord);
    const { clock } = this.#options;
    const { deadlineMs, signal } = options;
    const group = new PublishGroup({ size: records.length, clock, deadlineMs, signal });
    for (let index = 0; index < records.length; index += 1) {
      const record = records[index];
      if (record === undefined) continue;
      const { key, value, headers, timestampMs } = record;
      const message: Message = headers === undefined ? { key, value } : { key, value, headers };
      const hasTime = timestampMs !== undefined;
      if (hasTime) message.timestamp = String(timestampMs);
      this.#accept(record, { message, hasTime, bytes: sizes[index] ?? 0, group, index });
    }
    this.#metrics.bufferedRecords.set({}, this.#records);
    this.#loop.schedule();
    return group.promise;
  }

  async whenWritable(): Promise<void> {
    while (this.#isFull() && !this.#isClosing) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  #assertOpen(deadlineMs: number | undefined): void {
    if (this.#isClosing) throw closedError();
    // Without a deadline the caller holds the records itself and whenWritable limits it: a refusal would lose them.
    if (deadlineMs === undefined || !this.#isFull()) return;
    const message = `${this.#records} records (${this.#bytes} bytes) already wait for Kafka: repeat later`;
    throw new AppError({ code: 'unavailable', message });
  }

  #isFull(): boolean {
    const { maxBufferedRecords = 10_000, maxBufferedBytes = 32 * 1024 * 1024 } = this.#options;
    return this.#records >= maxBufferedRecords || this.#bytes >= maxBufferedBytes;
  }

  #accept(record: OutgoingRecord, buffered: BufferedRecord): void {
    this.#records += 1;
    this.#bytes += buffered.bytes;
    const topic = record.topic.name;
    const partitions = this.#loop.buffer.partitionsOf(topic);
    if (partitions !== undefined) {
      this.#assignPartition(record, buffered, partitions);
      return;
    }
    const waiting = this.#unplaced.get(topic);
    if (waiting !== undefined) {
      waiting.push({ record, buffered });
      return;
    }
    this.#unplaced.set(topic, [{ record, buffered }]);
    void this.#loadTopic(topic);
  }

  #assignPartition(record: OutgoingRecord, buffered: BufferedRecord, partitions: number): void {
    const { topic, key, partition } = record;
    if (partition !== undefined && !(partition >= 0 && partition < partitions)) {
      const message = `${topic.name} has the partitions 0 to ${partitions - 1}, got ${partition}`;
      buffered.group.fail(new AppError({ code: 'invalid-request', message }));
      this.#forget([buffered]);
      return;
    }
    const { buffer } = this.#loop;
    const keyed = () =>
      key === null ? buffer.stickyPartition(topic.name) : partitionForKey(key, partitions);
    const target = partition ?? keyed();
    buffered.message.partition = target;
    buffer.push(topic.name, target, buffered);
  }

  async #loadTopic(topic: string): Promise<void> {
    const { transport, clock, logger } = this.#options;
    for (let attempt = 1; !this.#abort.signal.aborted; attempt += 1) {
      try {
        const partitions = await transport.partitionCount(topic);
        this.#loop.buffer.setPartitions(topic, partitions);
        const waiting = this.#unplaced.get(topic) ?? [];
        this.#unplaced.delete(topic);
        for (const { record, buffered } of waiting) this.#assignPartition(record, buffered, partitions);
        this.#loop.schedule();
        return;
      } catch (error) {
        logger.warn({ topic, attempt, detail: detailOf(error) }, 'producer.topic-unavailable');
        this.#dropUnwanted(topic);
        const delayMs = backoffMs({ attempt, ...topicBackoff });
        await sleep(clock, delayMs, this.#abort.signal);
      }
    }
  }

  #dropUnwanted(topic: string): void {
    const waiting = this.#unplaced.get(topic) ?? [];
    this.#unplaced.set(
      topic,
      waiting.filter(({ buffered }) => !buffered.group.isSettled),
    );
    this.#forget(waiting.map(({ buffered }) => buffered).filter(({ group }) => group.isSettled));
  }

  #forget(records: readonly BufferedRecord[]): void {
    this.#records -= records.length;
    for (const { bytes } of records) this.#bytes -= bytes;
    this.#metrics.bufferedRecords.set({}, this.#records);
    if (this.#waiting.length === 0 || (this.#isFull() && !this.#isClosing)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #close(): Promise<void> {
    const { clock, transport } = this.#options;
    this.#isClosing = true;
    let isLate = false;
    const cancel = clock.setTimer(() => {
      isLate = true;
      this.#forget([]);
    }, drainMs);
    while (this.#records > 0 && !isLate) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    cancel();
    this.#abort.abort();
    const unplaced = [...this.#unplaced.values()].flat().map(({ buffered }) => buffered);
    for (const { group } of [...unplaced, ...this.#loop.buffer.drain()]) group.fail(closedError());
    await transport.close();
  }
}
