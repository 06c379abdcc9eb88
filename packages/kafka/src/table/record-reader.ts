import { AppError, type Clock, sleep } from '@tidings/runtime';
import type { IncomingRecord } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import { detailOf, isOutOfRange } from '../client/errors.ts';
import { LogConnection } from '../client/log-connection.ts';
import { toIncomingRecord } from '../consumer/incoming-record.ts';
import { within } from '../within.ts';

type Position = Readonly<{ partition: number; offset: bigint }>;

// A connection costs nothing while it is used often, and should not stay for a page that somebody looked at once.
const idleMs = 30_000;
const closeTimeoutMs = 2_000;
// A new connection finds a leader that has moved. Brokers that are away are reported soon: kafkajs tries for a while.
const waitMs = 200;
const giveUpMs = 3_000;
// The record itself comes whole whatever the limit is; more is useful if its neighbours are wanted too.
const bytesPerRecord = 4_096;
const maxFetchBytes = 1_048_576;

/** Reads single records by their positions. Connects at the first read, and disconnects when it has been idle. */
export class RecordReader {
  readonly #endpoint: KafkaEndpoint;
  readonly #clock: Clock;
  #connection: Promise<LogConnection> | undefined;
  #reads = 0;
  #isClosed = false;
  #cancelIdle: () => void = () => {};

  constructor(endpoint: KafkaEndpoint, clock: Clock) {
    this.#endpoint = endpoint;
    this.#clock = clock;
  }

  async read(topic: string, positions: readonly Position[]): Promise<readonly (IncomingRecord | null)[]> {
    if (positions.length === 0) return [];
    this.#cancelIdle();
    this.#reads += 1;
    try {
      const byPartition = new Map<number, number[]>();
      for (const { partition, offset } of positions) {
        const offsets = byPartition.get(partition) ?? [];
        if (offsets.length === 0) byPartition.set(partition, offsets);
        offsets.push(Number(offset));
      }
      const found = new Map<string, IncomingRecord>();
      const reads = [...byPartition].map(async ([partition, offsets]) => {
        for (const record of await this.#readPartition(topic, partition, offsets)) {
          found.set(keyOf(record), record);
        }
      });
      await Promise.all(reads);
      return positions.map((position) => found.get(keyOf(position)) ?? null);
    } finally {
      this.#reads -= 1;
      if (this.#reads === 0 && !this.#isClosed) this.#armIdle();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelIdle();
    await this.#disconnect();
  }

  async #readPartition(
    topic: string,
    partition: number,
    offsets: readonly number[],
  ): Promise<readonly IncomingRecord[]> {
    const records: IncomingRecord[] = [];
    let wanted = [...new Set(offsets)].sort((a, b) => a - b);
    while (wanted.length > 0) {
      const [offset = 0] = wanted;
      const last = wanted.at(-1) ?? offset;
      const maxBytes = Math.min(maxFetchBytes, wanted.length * bytesPerRecord);
      const messages = await this.#with(async (connection) => {
        try {
          return await connection.fetch(topic, partition, { offset, maxBytes });
        } catch (error) {
          if (!isOutOfRange(error)) throw error;
          const { low, high } = await connection.rangeOf(topic, partition);
          wanted = wanted.filter((one) => one !== offset && one >= low && one < high);
          return null;
        }
      });
      if (messages === null) continue;
      const isWanted = new Set(wanted);
      let next = offset + 1;
      for (const message of messages) {
        const at = Number(message.offset);
        next = Math.max(next, at + 1);
        if (at > last) break;
        if (message.isControlRecord === true || !isWanted.has(at)) continue;
        records.push(toIncomingRecord(topic, partition, message));
      }
      wanted = wanted.filter((one) => one >= next);
    }
    return records;
  }

  /** Runs `work` on the connection; after a failure again on a new one, since kafkajs's may stay broken. */
  async #with<R>(work: (connection: LogConnection) => Promise<R>): Promise<R> {
    const giveUpAtMs = this.#clock.monotonicMs() + giveUpMs;
    for (;;) {
      this.#connection ??= this.#connect();
      const current = this.#connection;
      try {
        return await work(await current);
      } catch (error) {
        if (this.#connection === current) void this.#disconnect();
        if (this.#isClosed || this.#clock.monotonicMs() >= giveUpAtMs) {
          const message = `the brokers ${this.#endpoint.brokers.join(',')} did not return records: ${detailOf(error)}`;
          throw new AppError({ code: 'unavailable', message, cause: error });
        }
        await sleep(this.#clock, waitMs);
      }
    }
  }

  async #connect(): Promise<LogConnection> {
    const connection = new LogConnection(this.#endpoint);
    await connection.connect();
    return connection;
  }

  async #disconnect(): Promise<void> {
    const current = this.#connection;
    this.#connection = undefined;
    if (current === undefined) return;
    await within(
      closeTimeoutMs,
      current.then((connection) => connection.close()),
    );
  }

  #armIdle(): void {
    this.#cancelIdle = this.#clock.setTimer(() => void this.#disconnect(), idleMs);
  }
}

const keyOf = ({ partition, offset }: Position): string => `${partition} ${offset}`;
