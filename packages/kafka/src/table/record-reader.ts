import { AppError, type Clock, sleep } from '@tidings/runtime';
import type { LogRange } from '../admin/list-offsets.ts';
import type { IncomingRecord } from '../bus.ts';
import type { KafkaEndpoint } from '../client/client.ts';
import type { LogMessage } from '../client/cluster.ts';
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
// A new leader does not know at once how far its log is complete.
const settleMs = 600;
// The record itself comes whole whatever the limit is; more is useful if its neighbours are wanted too.
const bytesPerRecord = 4_096;
const maxFetchBytes = 1_048_576;

type Fetch = Readonly<{ topic: string; partition: number; offset: number; maxBytes: number }>;
type Fetched = Readonly<{ messages: readonly LogMessage[] }> | Readonly<{ range: LogRange }>;
type Connection = Pick<LogConnection, 'connect' | 'fetch' | 'rangeOf' | 'close'>;

/** Reads single records by their positions. Connects at the first read, and disconnects when it has been idle. */
export class RecordReader {
  readonly #endpoint: KafkaEndpoint;
  readonly #clock: Clock;
  readonly #open: (endpoint: KafkaEndpoint) => Connection;
  #connection: Promise<Connection> | undefined;
  #reads = 0;
  #isClosed = false;
  #cancelIdle: () => void = () => {};

  constructor(
    endpoint: KafkaEndpoint,
    clock: Clock,
    open: (endpoint: KafkaEndpoint) => Connection = (to) => new LogConnection(to),
  ) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#open = open;
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
      const answer = await this.#fetch({ topic, partition, offset, maxBytes });
      if ('range' in answer) {
        const { low, high } = answer.range;
        wanted = wanted.filter((one) => one >= low && (one < high || offset < low));
        continue;
      }
      const { messages } = answer;
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

  /**
   * Returns the records from `offset` on, at least one; or the range of the log if it does not have the offset. A
   * leader that should have it but returns nothing is asked again.
   */
  async #fetch({ topic, partition, offset, maxBytes }: Fetch): Promise<Fetched> {
    const settledAtMs = this.#clock.monotonicMs() + settleMs;
    return this.#with(async (connection) => {
      const messages = await connection
        .fetch(topic, partition, { offset, maxBytes })
        .catch((error: unknown) => {
          if (!isOutOfRange(error)) throw error;
          return [];
        });
      if (messages.length > 0) return { messages };
      const range = await connection.rangeOf(topic, partition);
      const isMissing = offset < range.high || this.#clock.monotonicMs() < settledAtMs;
      if (offset < range.low || !isMissing) return { range };
      throw new Error(
        `the leader of ${topic}/${partition} has the offsets ${range.low} to ${range.high}, and did not return ${offset}`,
      );
    });
  }

  /** Runs `work` on the connection; after a failure again on a new one, since kafkajs's may stay broken. */
  async #with<R>(work: (connection: Connection) => Promise<R>): Promise<R> {
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

  async #connect(): Promise<Connection> {
    const connection = this.#open(this.#endpoint);
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
