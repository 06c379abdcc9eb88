import { randomUUID } from 'node:crypto';
import { isTransient } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, messageOf, PeriodicTask, sleep } from '@tidings/runtime';
import {
  advanced,
  batchMs,
  currentRange,
  type DeadLetterJob,
  type JobCounts,
  type OffsetRange,
} from './domain/dead-letter-job.ts';
import type { JobStore, ReadEnds } from './ports.ts';
import { type JobBatchParts, processJobBatch } from './process-job-batch.ts';

/** The dependencies of the runner. */
export type RunnerParts = JobBatchParts &
  Readonly<{
    jobs: JobStore;
    readEnds: ReadEnds;
    logger: Logger;
    /** Called with the counts of each batch. */
    onBatchDone: (job: DeadLetterJob, counts: JobCounts) => void;
    /** Called after each poll of the jobs with its error, or null if it succeeded. */
    onRound: (fault: string | null) => void;
  }>;

const pollEveryMs = 2_000;
/** A run that has not renewed its claim for this long is considered dead. */
const claimMs = 15_000;
const maxRuns = 8;
const maxFailures = 10;
const readPollMs = 500;
const retry = { baseMs: 500, maxMs: 10_000, random: Math.random };

/**
 * Processes the jobs of the read model. Any instance may: it claims a job that no live run has claimed, and continues
 * at its position.
 *
 *   waiting ──poll──▶ runs (a few at a time) ──end, cancelled, failed, claim lost──▶ waiting      any ──close──▶ closed
 */
export class DeadLetterJobRunner {
  readonly #parts: RunnerParts;
  readonly #polls: PeriodicTask;
  readonly #runs = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  /** Offsets only grow, so a value stays valid as a lower bound. */
  readonly #stored = new Map<number, number>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    const run = async (): Promise<void> => this.#takeDue();
    this.#polls = new PeriodicTask({ clock: parts.clock, firstMs: null, everyMs: pollEveryMs, run });
  }

  /** The number of jobs that this instance processes. */
  get running(): number {
    return this.#runs.size;
  }

  /** Polls for jobs now, and then every two seconds. */
  wake(): void {
    this.#polls.wake();
  }

  /** Ends after the batches in progress; other instances may continue at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polls.close();
    await Promise.all(this.#runs.values());
  }

  async #takeDue(): Promise<void> {
    const { jobs, clock, logger, onRound } = this.#parts;
    const free = maxRuns - this.#runs.size;
    if (free <= 0) return;
    try {
      for (const job of await jobs.listDue(clock.nowMs(), free)) {
        if (this.#runs.has(job.id) || this.#closing.signal.aborted) continue;
        const claim = { claim: randomUUID(), claimedUntilMs: clock.nowMs() + claimMs };
        if (!(await jobs.claim(job, claim))) continue;
        const run = this.#run({ ...job, ...claim }).finally(() => this.#runs.delete(job.id));
        this.#runs.set(job.id, run);
      }
      onRound(null);
    } catch (error) {
      // The next poll finds the same jobs.
      logger.debug({ detail: messageOf(error) }, 'jobs.not-polled');
      onRound(messageOf(error));
    }
  }

  async #run(claimed: DeadLetterJob): Promise<void> {
    const { logger } = this.#parts;
    let job: DeadLetterJob | null = claimed;
    while (job?.isOpen === true && !this.#closing.signal.aborted) {
      try {
        job = await this.#runBatch(job);
      } catch (error) {
        logger.warn({ jobId: claimed.id, detail: messageOf(error) }, 'job.batch-failed');
        job = await this.#afterFailure(job ?? claimed, error);
      }
    }
    if (job === null) return;
    if (!job.isOpen) logger.info({ jobId: job.id, state: job.state, ...job.counts }, 'job.ended');
    else await this.#release(job);
  }

  /** Processes one batch at its scheduled time; returns null if the claim is lost. */
  async #runBatch(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    const { clock, onBatchDone } = this.#parts;
    if (job.state === 'cancelled') return this.#releaseCancelled(job);
    const range = currentRange(job);
    if (range === undefined) return this.#finish(job);
    const beganMs = clock.monotonicMs();
    const readable = { ...range, end: Math.min(range.end, await this.#storedIn(range)) };
    if (readable.next >= readable.end) {
      await sleep(clock, readPollMs, this.#closing.signal);
      return this.#save(job);
    }
    const progress = await processJobBatch(this.#parts, job, readable);
    onBatchDone(job, progress.counts);
    const saved = await this.#save(advanced(job, progress));
    const remainingMs = batchMs(job, progress.counts.settled) - (clock.monotonicMs() - beganMs);
    if (remainingMs > 0) await sleep(clock, remainingMs, this.#closing.signal);
    return saved;
  }

  /**
   * Returns the offset up to which a partition is complete in the store: beyond it, dead letters may still be missing.
   */
  async #storedIn({ partition, next, end }: OffsetRange): Promise<number> {
    const known = this.#stored.get(partition) ?? 0;
    if (known > next || known >= end) return known;
    for (const [one, { stored }] of await this.#parts.readEnds()) this.#stored.set(one, stored);
    return this.#stored.get(partition) ?? 0;
  }

  /** Releases dead letters that were not sent, and ends the job. */
  async #finish(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    await this.#parts.deadLetters.release(job.id);
    return this.#save({ ...job, state: 'done', isOpen: false, endedAtMs: this.#parts.clock.nowMs() });
  }

  /**
   * Saves the position of the job and renews its claim. Returns the job as stored, including a concurrent cancellation;
   * null if the claim is lost.
   */
  async #save(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    const { jobs, clock } = this.#parts;
    const next = { ...job, claimedUntilMs: clock.nowMs() + claimMs };
    if (await jobs.save(next)) return next;
    const stored = await jobs.findAnywhere(job.id);
    // Cancelled during the run: this run must release its dead letters. The counts of the last batch still belong to
    // the job.
    if (stored?.claim !== job.claim || stored.state !== 'cancelled') return null;
    return { ...job, state: 'cancelled', isOpen: true, endedAtMs: stored.endedAtMs };
  }

  async #releaseCancelled(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    await this.#parts.deadLetters.release(job.id);
    return this.#save({ ...job, isOpen: false });
  }

  async #afterFailure(job: DeadLetterJob, error: unknown): Promise<DeadLetterJob | null> {
    const failures = job.failures + 1;
    // An unavailable store recovers; any other repeated error is a defect that requires an operator.
    const isOver = !isTransient(error) && failures >= maxFailures;
    await sleep(this.#parts.clock, backoffMs({ attempt: failures, ...retry }), this.#closing.signal);
    if (!isOver) return { ...job, failures };
    try {
      await this.#parts.deadLetters.release(job.id);
      const endedAtMs = this.#parts.clock.nowMs();
      return await this.#save({
        ...job,
        failures,
        state: 'failed',
        isOpen: false,
        endedAtMs,
        error: messageOf(error),
      });
    } catch (failure) {
      this.#parts.logger.warn({ jobId: job.id, detail: messageOf(failure) }, 'job.not-saved');
      return { ...job, failures };
    }
  }

  /** Releases the claim when this process stops, so that the next one need not wait for it to expire. */
  async #release(job: DeadLetterJob): Promise<void> {
    try {
      await this.#parts.jobs.save({ ...job, claimedUntilMs: 0 });
    } catch (error) {
      this.#parts.logger.debug({ jobId: job.id, detail: messageOf(error) }, 'job.not-released');
    }
  }
}
