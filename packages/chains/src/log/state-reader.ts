import { decodeRunLogEntry, type RunRecorded, type TopicDefinition } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';

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
  logger: Logger;
}>;

/** Place of a state in the run log: its offset, and the key of the record there. */
export type StatePlace = Readonly<{ offset: bigint; key: string }>;

type Wanted = Readonly<{
  place: StatePlace;
  resolve: (state: StoredState) => void;
  reject: (error: unknown) => void;
}>;

// A read is as large as what one fetch returns.
const maxAtOnce = 500;
const backoff = { baseMs: 250, maxMs: 5_000, random: Math.random };

const stateOf = (record: IncomingRecord | null | undefined, { offset, key }: StatePlace): StoredState => {
  // Behind a cut of the log others may have written there.
  const isThere = record != null && record.value !== null && record.key === key;
  const entry = isThere ? decodeRunLogEntry(record) : null;
  if (entry === null || !('run' in entry)) {
    const message = `the run log does not have the state ${key} at offset ${offset} any more: it was cut, or another worker has taken over the partition`;
    throw new AppError({ code: 'closed', message });
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
   * Returns the state at a place. Waits while the brokers are away, with lines in the log. Rejects with AppError `closed`
   * if it is not there, or if the reader is closed.
   */
  async read(place: StatePlace): Promise<StoredState> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ place, resolve, reject });
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
      for (const [at, { place, resolve, reject }] of wanted.entries()) {
        try {
          if (this.#closing.signal.aborted)
            throw new AppError({ code: 'closed', message: 'the partition was closed' });
          resolve(stateOf(records[at], place));
        } catch (error) {
          reject(error);
        }
      }
    }
    this.#isReading = false;
  }

  async #readOnce(wanted: readonly Wanted[]): Promise<readonly (IncomingRecord | null)[]> {
    const { bus, runLog: topic, partition, clock, logger } = this.#options;
    const { signal } = this.#closing;
    const positions = wanted.map(({ place }) => ({ partition, offset: place.offset }));
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await bus.readRecords({ topic, positions });
      } catch (error) {
        // Whatever it is, nothing can be recorded meanwhile either.
        const fields = { partition, states: wanted.length, attempt, detail: messageOf(error) };
        logger.warn(fields, 'run-log.states-not-read');
        await sleep(clock, backoffMs({ attempt, ...backoff }), signal);
      }
    }
    return [];
  }
}
