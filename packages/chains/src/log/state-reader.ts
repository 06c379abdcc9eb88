import { decodeRunLogEntry, type RunRecorded, type TopicDefinition } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { AppError, backoffMs, type Clock, sleep } from '@tidings/runtime';

/** A state as it is in the run log. */
export type StoredState = Readonly<{
  run: RunRecorded;
  /** Data of the event: JSON, as it was received. */
  data: string;
  /** Length of the JSON of the state, and of the data. */
  size: number;
}>;

type Options = Readonly<{
  bus: Pick<Bus, 'readRecords'>;
  runLog: TopicDefinition;
  partition: number;
  clock: Clock;
}>;

type Wanted = Readonly<{
  offset: bigint;
  resolve: (state: StoredState) => void;
  reject: (error: unknown) => void;
}>;

// A read is as large as what one fetch returns.
const maxAtOnce = 500;
const backoff = { baseMs: 250, maxMs: 5_000, random: Math.random };

const stateOf = (record: IncomingRecord | null | undefined, offset: bigint): StoredState => {
  const entry = record == null || record.value === null ? null : decodeRunLogEntry(record);
  if (entry === null || !('run' in entry)) {
    const message = `the run log has no state at offset ${offset} any more: it was cut or written by another worker`;
    throw new AppError({ code: 'internal', message });
  }
  const data = entry.data.toString('utf8');
  return { run: entry.run, data, size: (record?.headers['tidings-run']?.length ?? 0) + data.length };
};

/** Reads states of one partition of the run log again by their offsets. Those that are wanted meanwhile share a read. */
export class StateReader {
  readonly #options: Options;
  readonly #closing = new AbortController();
  #wanted: Wanted[] = [];
  #isReading = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Returns the state at an offset. Waits while the brokers are away. Rejects with AppError `internal` if it is not there,
   * and with `closed` if the reader is closed.
   */
  async read(offset: bigint): Promise<StoredState> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ offset, resolve, reject });
      if (this.#isReading) return;
      this.#isReading = true;
      void this.#readAll();
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #readAll(): Promise<void> {
    // In the next turn, so that what is wanted in this one shares the read.
    await Promise.resolve();
    while (this.#wanted.length > 0) {
      const wanted = this.#wanted.splice(0, maxAtOnce);
      const records = await this.#readOnce(wanted);
      for (const [at, { offset, resolve, reject }] of wanted.entries()) {
        try {
          if (this.#closing.signal.aborted)
            throw new AppError({ code: 'closed', message: 'the partition was closed' });
          resolve(stateOf(records[at], offset));
        } catch (error) {
          reject(error);
        }
      }
    }
    this.#isReading = false;
  }

  async #readOnce(wanted: readonly Wanted[]): Promise<readonly (IncomingRecord | null)[]> {
    const { bus, runLog: topic, partition, clock } = this.#options;
    const { signal } = this.#closing;
    const positions = wanted.map(({ offset }) => ({ partition, offset }));
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await bus.readRecords({ topic, positions });
      } catch {
        // Whatever it is, nothing can be recorded meanwhile either.
        await sleep(clock, backoffMs({ attempt, ...backoff }), signal);
      }
    }
    return [];
  }
}
