import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import {
  type Bus,
  type IncomingRecord,
  type PartitionRef,
  type PartitionRunner,
  type Producer,
  partitionKey,
  type Relay,
  type RelayOptions,
  type WorkBatch,
  type WorkerState,
} from '../bus.ts';
import { detailOf } from '../client/errors.ts';

export type StartRelayOptions = Readonly<{
  relay: RelayOptions;
  runPartitions: Bus['runPartitions'];
  producer: Producer;
  clock: Clock;
  logger: Logger;
}>;

/** A record, and its due time (monotonic milliseconds). */
type DelayedRecord = Readonly<{ item: WorkBatch<IncomingRecord>['items'][number]; dueMs: number }>;

// Waiting records stay in Kafka, however many: at most this many of each partition are held in memory.
const maxDelayedRecords = 1_000;
const maxDelayedBytes = 256 * 1024;
const maxFetchBytes = 128 * 1024;
const maxRecordsPerSend = 500;
const closeMs = 5_000;
const retryBackoff = { baseMs: 250, maxMs: 5_000, random: Math.random };

/**
 * Returns the send time of a record due at `dueMs`: the same for all partitions, so that one send carries their
 * records.
 */
const sendTimeOf = (dueMs: number, lingerMs: number): number =>
  lingerMs > 0 ? Math.ceil(dueMs / lingerMs) * lingerMs : dueMs;

/** One partition of a rung: its records in order, each forwarded when it is due and not before its predecessor. */
class RelayPartition {
  #delayed: DelayedRecord[] = [];
  #cancelTimer: () => void = () => {};
  #sending: Promise<void> | undefined;
  readonly #closing = new AbortController();
  readonly #options: StartRelayOptions;
  readonly #delayMs: number;

  constructor(options: StartRelayOptions, delayMs: number) {
    this.#options = options;
    this.#delayMs = delayMs;
  }

  get headTimestampMs(): number | undefined {
    return this.#delayed[0]?.item.record.timestampMs;
  }

  add(items: WorkBatch<IncomingRecord>['items']): void {
    const { clock } = this.#options;
    const delayMs = this.#delayMs;
    const nowMs = clock.nowMs();
    const monotonicMs = clock.monotonicMs();
    for (const item of items) {
      // Clamped, so that no clock error, here or at the broker, can block the rung or extend a wait beyond one delay.
      const waitMs = Math.min(Math.max(item.record.timestampMs + delayMs - nowMs, 0), delayMs);
      this.#delayed.push({ item, dueMs: monotonicMs + waitMs });
    }
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelTimer();
    this.#delayed = [];
    await this.#sending;
  }

  #arm(): void {
    this.#cancelTimer();
    const head = this.#delayed[0];
    if (head === undefined || this.#sending !== undefined || this.#closing.signal.aborted) return;
    const { relay, clock } = this.#options;
    const waitMs = sendTimeOf(head.dueMs, relay.lingerMs ?? 0) - clock.monotonicMs();
    if (waitMs > 0) this.#cancelTimer = clock.setTimer(() => this.#arm(), waitMs);
    else this.#sending = this.#sendDue();
  }

  async #sendDue(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    let due = 0;
    while (due < maxRecordsPerSend && (this.#delayed[due]?.dueMs ?? Infinity) <= nowMs) due += 1;
    const batch = this.#delayed.slice(0, due);
    await this.#forward(batch);
    this.#sending = undefined;
    if (this.#closing.signal.aborted) return;
    this.#delayed.splice(0, due);
    this.#arm();
  }

  // Repeats until Kafka has the batch: the records stay at the head, and only the ack marks their offsets done.
  async #forward(batch: readonly DelayedRecord[]): Promise<void> {
    const { producer, relay, clock, logger } = this.#options;
    for (let attempt = 1; !this.#closing.signal.aborted; attempt += 1) {
      try {
        const sentAtMs = clock.nowMs();
        await producer.publishAll(batch.map(({ item }) => relay.forward(item.record)));
        for (const { item } of batch) item.done();
        relay.onForwarded?.(
          batch.map(({ item }) => item.record),
          sentAtMs,
        );
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        logger.error(
          { topic: batch[0]?.item.record.topic, attempt, detail: detailOf(error) },
          'relay.forward-failed',
        );
        const delayMs = backoffMs({ attempt, ...retryBackoff });
        await sleep(clock, delayMs, this.#closing.signal);
      }
    }
  }
}

/**
 * Forwards the records of rungs when they are due. Offset order is due order there, so the head decides: its partition
 * sets a timer, and later records stay in Kafka once its buffer is full (the runner pauses the partition). A crash
 * between the send and the commit sends the sent records again, and nothing else.
 */
export async function startRelay(options: StartRelayOptions): Promise<Relay> {
  const { relay, runPartitions } = options;
  const relayPartitions = new Map<string, RelayPartition>();
  const drop = (ref: PartitionRef): void => {
    const key = partitionKey(ref);
    void relayPartitions.get(key)?.close();
    relayPartitions.delete(key);
  };
  const delays = new Map(relay.rungs.map(({ topic, delayMs }) => [topic.name, delayMs]));
  const runner: PartitionRunner = await runPartitions<IncomingRecord>({
    group: relay.group,
    ...(relay.formerGroup && { formerGroup: relay.formerGroup }),
    topics: relay.rungs.map(({ topic }) => topic),
    decode: (record) => record,
    maxPendingPerPartition: maxDelayedRecords,
    maxPendingBytesPerPartition: maxDelayedBytes,
    maxBytesPerPartition: maxFetchBytes,
    onRevoked: drop,
    onBatch: ({ topic, partition, items }) => {
      const key = partitionKey({ topic, partition });
      let relayPartition = relayPartitions.get(key);
      if (relayPartition === undefined) {
        relayPartition = new RelayPartition(options, delays.get(topic) ?? 0);
        relayPartitions.set(key, relayPartition);
      }
      relayPartition.add(items);
    },
  });
  return {
    state: (): WorkerState => runner.state(),
    assigned: () => runner.assigned(),
    headTimestampMs: (ref) => relayPartitions.get(partitionKey(ref))?.headTimestampMs,
    close: async () => {
      const closing = [...relayPartitions.values()].map((relayPartition) => relayPartition.close());
      let cancel: () => void = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = options.clock.setTimer(resolve, closeMs);
      });
      await Promise.race([Promise.all(closing), late]);
      cancel();
      await runner.close({ drainMs: 0 });
    },
  };
}
