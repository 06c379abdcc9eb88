import type { Logger, Metrics } from '@tidings/observability';
import { AppError, backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { Backlog } from './domain/backlog.ts';
import { frameOverhead } from './domain/frame.ts';
import { encodeSpooled, type SpooledRecord } from './domain/spooled-record.ts';
import { FileQueue } from './file-queue.ts';
import { GroupCommit } from './group-commit.ts';
import { type Lane, laneOf, lanes } from './lanes.ts';
import type { Read } from './segment-index.ts';
import { type Place, type Segment, SegmentLog } from './segment-log.ts';
import type { SpoolFiles } from './spool-files.ts';
import { type Damaged, type SpoolBatch, SpoolReader } from './spool-reader.ts';
import { type SpoolRefusal, SpoolReport } from './spool-report.ts';

/**
 * Options of a spool. `maxBytes`: of all its segments; `segmentBytes`: of one, 8 MiB by default; `batchRecords`: of a lane at
 * once, 500 by default.
 */
export type SpoolOptions = Readonly<{
  files: SpoolFiles;
  maxBytes: number;
  segmentBytes?: number;
  batchRecords?: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/**
 * Figures of a spool. `oldestAgeMs` is 0 if it is empty; `failingMs`: how long its disk has failed, or not answered.
 */
export type SpoolState = Readonly<{ records: number; bytes: number; oldestAgeMs: number; failingMs: number }>;

const defaultSegmentBytes = 8 * 1024 * 1024;
const maxWaitingBytes = 32 * 1024 * 1024;
// With the wait for the log less than the 10 s after which GitHub and GitLab give up.
const appendDeadlineMs = 6_000;
const retryAfterMs = 2_000;
const readAttempts = 6;
const readBackoff = { baseMs: 200, maxMs: 5_000, random: Math.random };
// These say nothing about the segment.
const foreignErrors: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EACCES',
  'EPERM',
]);

/**
 * Records on the local disk that wait for the log, in the order of their acceptance. `append` resolves when the disk has
 * them.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #log: SegmentLog;
  readonly #reader: SpoolReader;
  readonly #files: FileQueue;
  readonly #commit: GroupCommit;
  readonly #report: SpoolReport;
  #backlog = new Backlog();
  #released: Place | undefined;
  readonly #wakes = new Set<() => void>();
  #isClosed = false;

  private constructor(options: SpoolOptions, log: SegmentLog, place: Place) {
    const { clock, segmentBytes = defaultSegmentBytes, batchRecords = 500 } = options;
    this.#options = options;
    this.#log = log;
    const read: Read = async (...part) => this.#readOrSetAside(...part);
    this.#reader = new SpoolReader(log, { place, read, batchRecords });
    this.#files = new FileQueue(clock);
    this.#report = new SpoolReport(options.logger, clock);
    const write = async (payloads: readonly Buffer[]): Promise<void> => {
      await this.#files.run(async () => log.append(payloads, segmentBytes));
      for (const wake of this.#wakes) wake();
    };
    const limits = { maxBytes: maxWaitingBytes, deadlineMs: appendDeadlineMs };
    this.#commit = new GroupCommit({ write, onIdle: () => this.#forgetIfEmpty(), clock, ...limits });
  }

  /** Opens a spool with what earlier processes have left in it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const log = new SegmentLog(options.files);
    const spool = new Spool(options, log, await log.open());
    await spool.#recover();
    return spool;
  }

  get state(): SpoolState {
    const { records, oldestMs } = this.#backlog;
    const oldestAgeMs = oldestMs === undefined ? 0 : Math.max(0, this.#options.clock.nowMs() - oldestMs);
    return { records, bytes: this.#log.bytes, oldestAgeMs, failingMs: this.#files.failingMs };
  }

  /** Returns true if a record of this order waits: a later one has to be put behind it. */
  holds(order: string | null): boolean {
    return this.#backlog.holds(order);
  }

  /**
   * Appends records and resolves when the disk has them. `why` they are not in the log is for operators. Rejects with
   * `unavailable` if the spool is full, or the disk fails or does not answer: they may be in it nevertheless.
   */
  async append(records: readonly SpooledRecord[], why = 'the log is away'): Promise<void> {
    const payloads = records.map(encodeSpooled);
    const bytes = payloads.reduce((sum, { length }) => sum + length + frameOverhead, 0);
    this.#refuseIfFull(bytes);
    const backlog = this.#backlog;
    for (const record of records) backlog.add(record, laneOf(record));
    const onDropped = (): void => {
      for (const record of records) backlog.takeBack(record, laneOf(record));
    };
    try {
      await this.#commit.append({ payloads, bytes, onDropped });
    } catch (error) {
      throw this.#refused('disk', error instanceof AppError ? error : unavailable(messageOf(error)));
    }
    this.#options.metrics.spooledEvents.inc({}, records.length);
    this.#report.appended(this.state, why);
  }

  /** Returns the oldest records of a lane; undefined if there is none. They stay until {@link done}. */
  async read(lane: Lane, signal?: AbortSignal): Promise<SpoolBatch | undefined> {
    return this.#reader.next(lane, signal);
  }

  /** Removes the records of a batch, which are in the log or kept aside. */
  async done({ lane, records, end }: SpoolBatch): Promise<void> {
    for (const { record } of records) this.#backlog.removeOldest(record, lane);
    this.#options.metrics.drainedEvents.inc({}, records.length);
    this.#report.drained(records.length, this.#backlog.records);
    this.#reader.pass(lane, end);
    await this.#files
      .run(async () => this.#release())
      .catch((error: unknown) => {
        // What was drained is drained again after a crash, with the same ids.
        this.#options.logger.error({ detail: messageOf(error) }, 'spool.checkpoint-failed');
      });
    this.#forgetIfEmpty();
  }

  /** Keeps what was damaged aside. Rejects if the disk fails: call it again. */
  async keepAside(damaged: readonly Damaged[]): Promise<void> {
    for (const { segment, offset, bytes } of damaged) {
      if (!(await this.#files.run(async () => this.#log.setAside(segment, offset, bytes)))) continue;
      this.#options.metrics.badSpoolRecords.inc({});
      const about = { segment: segment.name, offset, bytes: bytes.length };
      this.#options.logger.error(about, 'spool.bad-record');
    }
  }

  /** Keeps a record of a batch aside that the log refuses for ever. Rejects if the disk fails: call it again. */
  async refuse(record: SpooledRecord, detail: string): Promise<void> {
    const name = `refused-${record.headers['ce_id'] ?? 'unknown'}.bad`;
    await this.#files.run(async () => this.#options.files.replace(name, encodeSpooled(record)));
    this.#options.metrics.badSpoolRecords.inc({});
    this.#options.logger.error({ eventId: record.headers['ce_id'], detail }, 'spool.record-refused');
  }

  /** Resolves when there may be something to read in a lane, or the signal is aborted. */
  async whenFilled(lane: Lane, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#reader.isBehind(lane)) return;
    this.#forgetIfEmpty();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Refuses further records, and resolves when what was appended is on disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#commit.settle();
    await this.#files.run(async () => this.#log.close());
    this.#report.closed(this.state);
  }

  async #recover(): Promise<void> {
    const { records, damaged } = await this.#reader.scan((record) =>
      this.#backlog.add(record, laneOf(record)),
    );
    const { segments, bytes } = this.#log;
    this.#report.recovered({ records, damaged, segments: segments.length, bytes });
  }

  #refuseIfFull(bytes: number): void {
    const { maxBytes } = this.#options;
    if (this.#isClosed) throw unavailable('The spool is closed: this process is stopping.');
    if (this.#log.bytes + this.#commit.bytes + bytes <= maxBytes) return;
    const message = `The log does not acknowledge, and the spool has its maximum of ${maxBytes} bytes.`;
    throw this.#refused('full', unavailable(message));
  }

  #refused(reason: SpoolRefusal, error: AppError): AppError {
    this.#options.metrics.spoolRefused.inc({ reason });
    this.#report.refused(reason, error, this.state);
    return error;
  }

  async #release(): Promise<void> {
    const { drained } = this.#reader;
    const { segment, offset } = this.#released ?? {};
    if (drained.segment === segment && drained.offset === offset) return;
    await this.#log.release(drained);
    this.#released = drained;
  }

  #forgetIfEmpty(): void {
    if (!this.#commit.isIdle || lanes.some((lane) => this.#reader.isBehind(lane))) return;
    this.#backlog = new Backlog();
    this.#report.drained(0, 0);
  }

  /** Reads a part of a segment. One that cannot be read for seconds is kept aside: what is behind it must not wait. */
  async #readOrSetAside(
    segment: Segment,
    part: Readonly<{ start: number; end: number }>,
    signal?: AbortSignal,
  ): Promise<Buffer | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#log.read(segment, part);
      } catch (error) {
        if (!this.#log.segments.includes(segment)) return undefined;
        const isForeign = foreignErrors.has((error as NodeJS.ErrnoException).code);
        if (signal?.aborted || (attempt >= readAttempts && isForeign)) throw error;
        if (attempt >= readAttempts) return this.#setSegmentAside(segment, error);
      }
      await sleep(this.#options.clock, backoffMs({ attempt, ...readBackoff }), signal);
    }
  }

  async #setSegmentAside(segment: Segment, error: unknown): Promise<undefined> {
    if (!(await this.#files.run(async () => this.#log.setSegmentAside(segment)))) return;
    this.#options.metrics.badSpoolRecords.inc({});
    const about = { segment: segment.name, bytes: segment.size, detail: messageOf(error) };
    this.#options.logger.error(about, 'spool.bad-segment');
    // The orders of its records are held until nothing waits.
  }
}

const unavailable = (message: string): AppError =>
  new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs });
