import { randomUUID } from 'node:crypto';
import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, messageOf } from '@tidings/runtime';
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

/** What the runner of jobs works with. */
export type RunnerParts = JobBatchParts &
  Readonly<{
    jobs: JobStore;
    readEnds: ReadEnds;
    logger: Logger;
    /** Told what each turn has done. */
    onBatchDone: (job: DeadLetterJob, counts: JobCounts) => void;
    /** Told of each round whether the jobs could be looked at; null when they could. */
    onRound: (fault: string | null) => void;
  }>;

const pollEveryMs = 2_000;
/** A run that has not shown itself for this long is taken for dead. */
const claimMs = 15_000;
const maxRuns = 8;
const maxFailures = 10;
const readPollMs = 500;
const retry = { baseMs: 500, maxMs: 10_000, random: Math.random };

/**
 * Works off the jobs of the read model. Any instance may: it claims a job that no living run has, and goes on where that
 * stands.
 *
 *   waiting ──look──▶ runs (a few at a time) ──end, cancelled, failed, claim lost──▶ waiting      any ──close──▶ closed
 */
export class DeadLetterJobRunner {
  readonly #parts: RunnerParts;
  readonly #runs = new Map<string, Promise<void>>();
  readonly #wakes = new Set<() => void>();
  /** Offsets only grow, so what was heard once stays true. */
  readonly #stored = new Map<number, number>();
  #cancelPoll = (): void => {};
  #poll: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Jobs that this instance is at work on. */
  get running(): number {
    return this.#runs.size;
  }

  /** Looks for jobs now, and then every two seconds. */
  wake(): void {
    if (this.#isClosed || this.#poll !== undefined) return;
    this.#cancelPoll();
    this.#poll = this.#takeDue().finally(() => {
      this.#poll = undefined;
      if (!this.#isClosed) this.#cancelPoll = this.#parts.clock.setTimer(() => this.wake(), pollEveryMs);
    });
  }

  /** Ends after the turns under way; other instances may go on at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelPoll();
    for (const wake of this.#wakes) wake();
    await this.#poll;
    await Promise.all(this.#runs.values());
  }

  async #takeDue(): Promise<void> {
    const { jobs, clock, logger, onRound } = this.#parts;
    const free = maxRuns - this.#runs.size;
    if (free <= 0) return;
    try {
      for (const job of await jobs.listDue(clock.nowMs(), free)) {
        if (this.#runs.has(job.id) || this.#isClosed) continue;
        const claim = { claim: randomUUID(), claimedUntilMs: clock.nowMs() + claimMs };
        if (!(await jobs.claim(job, claim))) continue;
        const run = this.#run({ ...job, ...claim }).finally(() => this.#runs.delete(job.id));
        this.#runs.set(job.id, run);
      }
      onRound(null);
    } catch (error) {
      // The next look finds the same jobs.
      logger.debug({ detail: messageOf(error) }, 'jobs.not-polled');
      onRound(messageOf(error));
    }
  }

  async #run(claimed: DeadLetterJob): Promise<void> {
    const { logger } = this.#parts;
    let job: DeadLetterJob | null = claimed;
    while (job?.isOpen === true && !this.#isClosed) {
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

  /** One turn and its place in time; null when the claim is lost. */
  async #runBatch(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    const { clock, onBatchDone } = this.#parts;
    if (job.state === 'cancelled') return this.#releaseCancelled(job);
    const range = currentRange(job);
    if (range === undefined) return this.#finish(job);
    const beganMs = clock.monotonicMs();
    const readable = { ...range, end: Math.min(range.end, await this.#storedIn(range)) };
    if (readable.next >= readable.end) {
      await this.#pause(readPollMs);
      return this.#save(job);
    }
    const progress = await processJobBatch(this.#parts, job, readable);
    onBatchDone(job, progress.counts);
    const saved = await this.#save(advanced(job, progress));
    const remainingMs = batchMs(job, progress.counts.settled) - (clock.monotonicMs() - beganMs);
    if (remainingMs > 0) await this.#pause(remainingMs);
    return saved;
  }

  /** How far a partition can be read in order: behind that, letters may still be missing. */
  async #storedIn({ partition, next, end }: OffsetRange): Promise<number> {
    const known = this.#stored.get(partition) ?? 0;
    if (known > next || known >= end) return known;
    for (const [one, { stored }] of await this.#parts.readEnds()) this.#stored.set(one, stored);
    return this.#stored.get(partition) ?? 0;
  }

  /** What could not be sent, or was not to be after all, waits again. */
  async #finish(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    await this.#parts.deadLetters.release(job.id);
    return this.#save({ ...job, state: 'done', isOpen: false, endedAtMs: this.#parts.clock.nowMs() });
  }

  /** Writes where the job stands and shows that it lives. What another did to it meanwhile comes back. */
  async #save(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    const { jobs, clock } = this.#parts;
    const next = { ...job, claimedUntilMs: clock.nowMs() + claimMs };
    if (await jobs.save(next)) return next;
    const stored = await jobs.findAnywhere(job.id);
    // Cancelled under our hands: it is ours to tidy up. The counts of the last turn are the job's all the same.
    if (stored?.claim !== job.claim || stored.state !== 'cancelled') return null;
    return { ...job, state: 'cancelled', isOpen: true, endedAtMs: stored.endedAtMs };
  }

  async #releaseCancelled(job: DeadLetterJob): Promise<DeadLetterJob | null> {
    await this.#parts.deadLetters.release(job.id);
    return this.#save({ ...job, isOpen: false });
  }

  async #afterFailure(job: DeadLetterJob, error: unknown): Promise<DeadLetterJob | null> {
    const failures = job.failures + 1;
    // What is away comes back; anything else that happens again and again is a defect, and a person has to look.
    const isUnavailable = error instanceof AppError && (error.retryable || error.code === 'closed');
    const isOver = !isUnavailable && failures >= maxFailures;
    await this.#pause(backoffMs({ attempt: failures, ...retry }));
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

  /** This process stops: the next one need not wait for the claim to end. */
  async #release(job: DeadLetterJob): Promise<void> {
    try {
      await this.#parts.jobs.save({ ...job, claimedUntilMs: 0 });
    } catch (error) {
      this.#parts.logger.debug({ jobId: job.id, detail: messageOf(error) }, 'job.not-released');
    }
  }

  async #pause(delayMs: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#wakes.delete(end);
        resolve();
      };
      const cancel = this.#parts.clock.setTimer(end, delayMs);
      this.#wakes.add(end);
    });
  }
}
