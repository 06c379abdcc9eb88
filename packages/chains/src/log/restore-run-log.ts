import {
  decodeRunLogEntry,
  type EpochStarted,
  encodeEpoch,
  isNewerRun,
  type RunLogEntry,
  type RunRecorded,
  runLogKey,
  type TopicDefinition,
} from '@tidings/contracts';
import type { Bus, IncomingRecord, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';

/** The newest state of a run in the log. The state itself stays there: see `StateReader`. */
export type RestoredRun = Readonly<{
  summary: RunSummary;
  /** Offset of its record. */
  position: bigint;
  /** Length of its state and of the data of its event. */
  bytes: number;
  /** True if its record was among the last in the log: a crash may have kept its copy from `tidings.runs`. */
  isRecent: boolean;
}>;

/** The fields of a run that are known without parsing its state. */
export type RunSummary = Pick<
  RunRecorded,
  'runId' | 'handler' | 'epoch' | 'sequence' | 'status' | 'waitingUntilMs' | 'endedAtMs'
> &
  Readonly<{
    orderingKey: string | null;
    offset: number;
    startedAtMs: number;
    /** Time of the last retry; null if there was none. */
    retriedAtMs: number | null;
  }>;

/** Returns the summary of a state. */
export const summaryOf = (run: RunRecorded): RunSummary => {
  const { runId, handler, epoch, sequence, status, waitingUntilMs, endedAtMs, event, startedAtMs } = run;
  const { orderingKey, offset } = event;
  // One that was retried before states had the time of it was so no later than it changed last.
  const retriedAtMs = run.retries === 0 ? null : (run.retriedAtMs ?? run.recordedAtMs);
  const times = { waitingUntilMs, endedAtMs, startedAtMs, retriedAtMs };
  return {
    runId,
    handler,
    epoch,
    sequence,
    status,
    ...times,
    orderingKey,
    offset: Number(offset),
  };
};

/** The content of a partition of the run log. */
export type RestoredRunLog = Readonly<{
  epoch: number;
  /** Offset after the record that started the epoch. */
  nextOffset: bigint;
  /** Events before this offset start no run. */
  fromOffset: bigint;
  /** The one that was written last is the first. */
  runs: readonly RestoredRun[];
  /** Keys of records that are void once this epoch has settled, those of `runs` included. */
  oldKeys: readonly string[];
}>;

type Options = Readonly<{
  bus: Pick<Bus, 'readRange' | 'ends'>;
  producer: Pick<Producer, 'publish'>;
  runLog: TopicDefinition;
  partition: number;
  /** Distinguishes this worker from all others. */
  owner: string;
  /** Returns the offset from which events start runs, given that of the last owner; undefined if there was none. */
  fromOffset: (known: bigint | undefined) => Promise<bigint>;
  nowMs: () => number;
  logger: Logger;
}>;

// More than one send has, and one send at a time is under way: see RunLogWriter.
const recentRecords = 5_000n;

/** Collects the newest state of each run, and the markers of epochs. */
class Reading {
  /** Highest epoch of any record. */
  highest = 0;
  /** Records of older epochs are void. */
  settled = 0;
  fromOffset: bigint | undefined;
  readonly #runs = new Map<string, Omit<RestoredRun, 'isRecent'>>();
  readonly #keys = new Set<string>();
  /** Offsets of records that could not be read, by key. */
  readonly #unreadable = new Map<string, bigint>();
  /** One text for each name of a handler: those of a hundred thousand runs are the same few. */
  readonly #names = new Map<string, string>();
  readonly #logger: Logger;
  #owners = new Map<number, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  take(record: IncomingRecord): void {
    const { key, value } = record;
    if (key === null) return;
    if (value === null) {
      this.#remove(key);
      return;
    }
    const entry = this.#decode(record);
    if (entry === null) return;
    this.#unreadable.delete(key);
    this.#keys.add(key);
    const bytes = value.length + (record.headers['tidings-run']?.length ?? 0);
    if ('run' in entry) this.#takeRun(entry.run, { position: record.offset, bytes });
    else if (entry.type === 'EpochSettled.v1') this.settled = Math.max(this.settled, entry.epoch);
    else this.#takeStarted(entry);
  }

  /** Returns the worker that has an epoch: the first in the log that chose it. */
  ownerOf(epoch: number): string | undefined {
    return this.#owners.get(epoch);
  }

  /** Returns the runs that are needed. `end`: offset behind the last record. */
  runs(end: bigint): readonly RestoredRun[] {
    const current = [...this.#runs.values()].filter(({ summary }) => summary.epoch >= this.settled);
    const byAge = current.sort((a, b) => Number(b.position - a.position));
    return byAge.map((run) => ({ ...run, isRecent: run.position >= end - recentRecords }));
  }

  /** Returns the keys of every record but one. */
  keysBut(kept: string): readonly string[] {
    return [...this.#keys].filter((key) => key !== kept);
  }

  /**
   * Throws AppError `unavailable` if a record that counts could not be read: a later version wrote it. Who settled without
   * it would void it, and its run would be lost.
   */
  requireReadable(partition: number): void {
    const counts = (key: string): boolean => {
      const [kind = '', epoch = ''] = key.split('/');
      // States of older epochs are void, and so is what no worker has written.
      return (
        kind === 'epoch' || kind === 'settled' || (kind.startsWith('run_') && Number(epoch) >= this.settled)
      );
    };
    const [first, ...others] = [...this.#unreadable].filter(([key]) => counts(key));
    if (first === undefined) return;
    const [key, offset] = first;
    const message = `partition ${partition} of the run log has ${others.length + 1} records that this version cannot read, ${key} at offset ${offset} first: run the version that wrote them, or lose their runs by tombstones of their keys`;
    throw new AppError({ code: 'unavailable', message });
  }

  #remove(key: string): void {
    this.#keys.delete(key);
    this.#unreadable.delete(key);
    const [runId = ''] = key.split('/');
    const known = this.#runs.get(runId);
    if (known !== undefined && runLogKey(known.summary) === key) this.#runs.delete(runId);
  }

  #takeStarted({ epoch, owner, fromOffset }: EpochStarted): void {
    this.highest = Math.max(this.highest, epoch);
    if (!this.#owners.has(epoch)) this.#owners.set(epoch, owner);
    const from = BigInt(fromOffset);
    if (this.fromOffset === undefined || from > this.fromOffset) this.fromOffset = from;
  }

  #takeRun(run: RunRecorded, place: Pick<RestoredRun, 'position' | 'bytes'>): void {
    this.highest = Math.max(this.highest, run.epoch);
    const known = this.#runs.get(run.runId);
    if (known !== undefined && isNewerRun(known.summary, run)) return;
    const handler = this.#names.get(run.handler) ?? run.handler;
    this.#names.set(handler, handler);
    this.#runs.set(run.runId, { summary: summaryOf({ ...run, handler }), ...place });
  }

  #decode(record: IncomingRecord): RunLogEntry | null {
    try {
      return decodeRunLogEntry(record);
    } catch (error) {
      const { partition, offset, key } = record;
      if (key !== null) this.#unreadable.set(key, offset);
      const fields = { partition, offset: String(offset), key, detail: messageOf(error) };
      this.#logger.error(fields, 'run-log.unreadable');
      return null;
    }
  }
}

const maxTries = 10;

/**
 * Takes over a partition of the run log: reads it, starts a new epoch, and reads up to the record of that. What was
 * acknowledged before that record is in the result. Throws AppError `unavailable` if other workers take over all the time, or
 * if the log has a state that this version cannot read.
 */
export async function restoreRunLog(options: Options): Promise<RestoredRunLog> {
  const { bus, producer, runLog: topic, partition, owner, logger } = options;
  const reading = new Reading(logger);
  let next = 0n;
  const readTo = async (until: bigint): Promise<void> => {
    if (until <= next) return;
    await bus.readRange({
      topic,
      partitions: [partition],
      from: { offsets: new Map([[partition, next]]) },
      until: new Map([[partition, until]]),
      service: 'chains',
      onRecord: (record) => reading.take(record),
    });
    next = until;
  };
  const ends = await bus.ends([topic]);
  const end = ends.find((candidate) => candidate.partition === partition);
  if (end === undefined) {
    const message = `${topic.name} has no partition ${partition}: give it as many partitions as tidings.events has`;
    throw new AppError({ code: 'config-invalid', message });
  }
  await readTo(end.highOffset);
  reading.requireReadable(partition);
  for (let attempt = 1; attempt <= maxTries; attempt += 1) {
    const fromOffset = await options.fromOffset(reading.fromOffset);
    const epoch = Math.max(reading.highest, reading.settled) + 1;
    const marker: EpochStarted = {
      type: 'EpochStarted.v1',
      epoch,
      owner: `${owner}-${attempt}`,
      fromOffset: String(fromOffset),
      atMs: options.nowMs(),
    };
    const record = encodeEpoch(marker);
    const { offset } = await producer.publish({ topic, partition, ...record });
    await readTo(offset + 1n);
    reading.requireReadable(partition);
    // Another worker may have started the same epoch, or a higher one, in between.
    if (reading.ownerOf(epoch) !== marker.owner || reading.highest > epoch) continue;
    const oldKeys = reading.keysBut(record.key ?? '');
    return { epoch, nextOffset: next, fromOffset, runs: reading.runs(next), oldKeys };
  }
  const message = `partition ${partition} was taken over ${maxTries} times while it was read`;
  throw new AppError({ code: 'unavailable', message });
}
