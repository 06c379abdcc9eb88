import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { Backlog } from './domain/backlog.ts';
import { frameOverhead } from './domain/frame.ts';
import { encodeSpooled, type SpooledRecord } from './domain/spooled-record.ts';
import { SegmentLog } from './segment-log.ts';
import type { SpoolFiles } from './spool-files.ts';
import { type SpoolBatch, SpoolReader } from './spool-reader.ts';

/** Options of a spool. `maxBytes`: of all its segments; `segmentBytes`: of one, 8 MiB by default. */
export type SpoolOptions = Readonly<{
  files: SpoolFiles;
  maxBytes: number;
  segmentBytes?: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

type Waiting = Readonly<{
  records: readonly SpooledRecord[];
  payloads: readonly Buffer[];
  bytes: number;
  resolve: () => void;
  reject: (error: AppError) => void;
}>;

/** Figures of a spool. `oldestAgeMs` is 0 if it is empty. */
export type SpoolState = Readonly<{ records: number; bytes: number; oldestAgeMs: number }>;

const defaultSegmentBytes = 8 * 1024 * 1024;
const commitBytes = 4 * 1024 * 1024;
const retryAfterMs = 2_000;

/**
 * Records on the local disk that wait for the log, in the order of their acceptance. `append` resolves when the disk has
 * them; records that arrive while it writes share the next write.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #log: SegmentLog;
  readonly #reader: SpoolReader;
  #backlog = new Backlog();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #committing: Promise<void> | undefined;
  /** The file operation in progress: they never overlap. */
  #lastFileWork: Promise<unknown> = Promise.resolve();
  #wake = (): void => {};
  #isClosed = false;

  private constructor(options: SpoolOptions, log: SegmentLog, reader: SpoolReader) {
    this.#options = options;
    this.#log = log;
    this.#reader = reader;
  }

  /** Opens a spool with what earlier processes have left in it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const log = new SegmentLog(options.files);
    const spool = new Spool(options, log, new SpoolReader(log, await log.open()));
    await spool.#recover();
    return spool;
  }

  get state(): SpoolState {
    const { records, oldestMs } = this.#backlog;
    const oldestAgeMs = oldestMs === undefined ? 0 : Math.max(0, this.#options.clock.nowMs() - oldestMs);
    return { records, bytes: this.#log.bytes, oldestAgeMs };
  }

  /** Returns true if a record of this order waits: a later one has to be put behind it. */
  holds(order: string | null): boolean {
    return this.#backlog.holds(order);
  }

  /**
   * Appends records and resolves when the disk has them. Rejects with `unavailable` if the spool is full or the disk
   * fails: they may be in it nevertheless.
   */
  async append(records: readonly SpooledRecord[]): Promise<void> {
    const payloads = records.map(encodeSpooled);
    const bytes = payloads.reduce((sum, { length }) => sum + length + frameOverhead, 0);
    this.#refuseIfFull(bytes);
    for (const record of records) this.#backlog.add(record);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records, payloads, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      this.#committing ??= this.#commit();
    });
    this.#options.metrics.spooledEvents.inc({}, records.length);
  }

  /** Returns the oldest records; undefined if there is none. They stay until {@link done}. */
  async read(): Promise<SpoolBatch | undefined> {
    return this.#reader.next();
  }

  /** Removes the records of a batch, which are in the log, and keeps what was damaged aside. */
  async done(batch: SpoolBatch): Promise<void> {
    for (const record of batch.records) this.#backlog.removeOldest(record);
    this.#options.metrics.drainedEvents.inc({}, batch.records.length);
    await this.#withFiles(async () => {
      for (const { segment, offset, bytes } of batch.damaged) {
        if (!(await this.#log.setAside(segment, offset, bytes))) continue;
        this.#options.metrics.badSpoolRecords.inc({});
        const about = { segment: segment.name, offset, bytes: bytes.length };
        this.#options.logger.error(about, 'spool.bad-record');
      }
      await this.#log.release(this.#reader.pass(batch));
    }).catch((error: unknown) => {
      // What was drained is drained again after a crash, with the same ids.
      this.#options.logger.error({ detail: messageOf(error) }, 'spool.checkpoint-failed');
    });
    if (this.#log.segments.length > 0 || this.#waiting.length > 0 || this.#committing !== undefined) return;
    this.#backlog = new Backlog();
    this.#options.logger.info({}, 'spool.empty');
  }

  /** Keeps a record of a batch aside that the log refuses for ever. */
  async refuse(record: SpooledRecord, detail: string): Promise<void> {
    this.#options.metrics.badSpoolRecords.inc({});
    this.#options.logger.error({ eventId: record.headers['ce_id'], detail }, 'spool.record-refused');
    const name = `refused-${record.headers['ce_id'] ?? 'unknown'}.bad`;
    await this.#withFiles(async () => this.#options.files.replace(name, encodeSpooled(record)));
  }

  /** Resolves when there may be something to read, or the signal is aborted. */
  async whenFilled(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#reader.isBehind) return;
    const { promise, resolve } = waitingPromise();
    this.#wake = resolve;
    signal.addEventListener('abort', resolve);
    await promise;
    signal.removeEventListener('abort', resolve);
  }

  /** Refuses further records, and resolves when what was appended is on disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing;
    await this.#withFiles(async () => this.#log.close());
  }

  async #recover(): Promise<void> {
    const { records, damaged } = await this.#reader.scan((record) => this.#backlog.add(record));
    if (this.#log.segments.length === 0) return;
    const line = { records, damaged, segments: this.#log.segments.length, bytes: this.#log.bytes };
    this.#options.logger[damaged > 0 ? 'error' : 'warn'](line, 'spool.recovered');
  }

  #refuseIfFull(bytes: number): void {
    const { maxBytes, metrics } = this.#options;
    if (this.#isClosed) throw unavailable('The spool is closed: this process is stopping.');
    if (this.#log.bytes + this.#waitingBytes + bytes <= maxBytes) return;
    metrics.spoolRefused.inc({ reason: 'full' }, 1);
    throw unavailable(`The log does not acknowledge, and the spool has its maximum of ${maxBytes} bytes.`);
  }

  async #commit(): Promise<void> {
    const { segmentBytes = defaultSegmentBytes, metrics, logger } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#takeCommit();
      try {
        const payloads = batch.flatMap((one) => one.payloads);
        await this.#withFiles(async () => this.#log.append(payloads, segmentBytes));
        for (const { resolve } of batch) resolve();
        this.#wake();
      } catch (error) {
        logger.error({ detail: messageOf(error) }, 'spool.append-failed');
        for (const { records, reject } of batch) {
          for (const record of records) this.#backlog.takeBack(record);
          metrics.spoolRefused.inc({ reason: 'disk' });
          reject(unavailable('The log does not acknowledge, and the disk of the spool fails.', error));
        }
      }
      this.#waitingBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    this.#committing = undefined;
  }

  #takeCommit(): readonly Waiting[] {
    let bytes = 0;
    const count = this.#waiting.findIndex((one) => {
      bytes += one.bytes;
      return bytes > commitBytes;
    });
    // The first is written whatever its size.
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(1, count));
  }

  async #withFiles<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastFileWork.then(work);
    this.#lastFileWork = result.catch(() => {});
    return result;
  }
}

function waitingPromise(): Readonly<{ promise: Promise<void>; resolve: () => void }> {
  let resolve = (): void => {};
  const promise = new Promise<void>((onEnd) => {
    resolve = onEnd;
  });
  return { promise, resolve };
}

const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs, cause });
