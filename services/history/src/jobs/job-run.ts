import { topics } from '@tidings/contracts';
import { isTransient } from '@tidings/kafka';
import { CreatedMessages, type Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, PeriodicTask, sleep } from '@tidings/runtime';
import { advanced, type BatchResult, batchMs, hasEnded, type Job } from './domain/job.ts';
import { adopted } from './domain/job-change.ts';
import type { JobKind, RunKind } from './job-kind.ts';
import type { JobOrders, JobStore } from './ports.ts';
import { traceBatch } from './trace-batch.ts';

/** The dependencies of a run. */
export type JobRunParts = Readonly<{
  jobs: JobStore;
  orders: JobOrders;
  clock: Clock;
  logger: Logger;
  /** Called with the result of each batch. */
  onBatchDone: (job: Job, result: BatchResult) => void;
  /** Called with a job that this run has ended. */
  onEnded: (job: Job) => void;
}>;

/** A run that has not renewed its claim for this long is considered dead. */
export const claimMs = 15_000;
const renewEveryMs = 5_000;
const maxFailures = 10;
const retry = { baseMs: 500, maxMs: 10_000, random: Math.random };

/**
 * One claim of a job: carries out batch after batch, and saves the job after each, until the job ends or is paused, the
 * claim is lost, or the process closes. At any time no more than one run holds a claim.
 */
export class JobRun {
  readonly #parts: JobRunParts;
  readonly #kind: JobKind;
  readonly #closing: AbortSignal;
  #job: Job;
  #isSaved = true;
  #isAtEnd = false;
  #isLost = false;

  constructor(parts: JobRunParts, claimed: Readonly<{ job: Job; kind: JobKind; closing: AbortSignal }>) {
    this.#parts = parts;
    this.#kind = claimed.kind;
    this.#job = claimed.job;
    this.#closing = claimed.closing;
  }

  /** Resolves at the end of the run; never rejects. */
  async finished(): Promise<void> {
    const { logger } = this.#parts;
    const { id: jobId, kind, state, requestedBy, done } = this.#job;
    const isStart = this.#kind.carriedOutBy === 'history' && state === 'running';
    if (isStart)
      logger.info({ jobId, kind, requestedBy, done }, done === 0 ? 'job.started' : 'job.continued');
    while (this.#hasWork() && !this.#isLost && !this.#closing.aborted) {
      try {
        await this.#step();
      } catch (error) {
        logger.warn({ jobId, kind, detail: messageOf(error) }, 'job.batch-failed');
        if (!this.#isLost) await this.#afterFailure(error);
      }
    }
    if (this.#isLost) logger.info({ jobId, kind }, 'job.claim-lost');
    else if (this.#hasWork()) await this.#giveBack();
    else this.#logEnd();
  }

  #hasWork(): boolean {
    return this.#job.isDue || !this.#isSaved;
  }

  async #step(): Promise<void> {
    const { clock } = this.#parts;
    const kind = this.#kind;
    if (kind.carriedOutBy === 'worker') return this.#handOver();
    // A claim that is about to expire may be replaced at any time: no batch starts under it.
    if (!this.#isSaved || clock.nowMs() > this.#job.claimedUntilMs - renewEveryMs) return this.#save();
    if (this.#job.state === 'paused') return this.#set({ isDue: false });
    if (this.#job.state === 'cancelled') return this.#end(kind, this.#job);
    if (this.#isAtEnd) return this.#end(kind, { state: 'done', endedAtMs: clock.nowMs() });
    await this.#runBatch(kind);
  }

  /** Publishes the order. Nothing else of the job is written: its progress belongs to the worker. */
  async #handOver(): Promise<void> {
    const { jobs, orders } = this.#parts;
    await orders.publish(this.#job);
    if (await jobs.handedOver(this.#job)) this.#job = { ...this.#job, isDue: false };
    else await this.#adopt();
  }

  async #runBatch(kind: RunKind): Promise<void> {
    const { clock, onBatchDone } = this.#parts;
    const beganMs = clock.monotonicMs();
    const messages = this.#messages();
    const result = await traceBatch(this.#job, messages, async () =>
      this.#underClaim(async (signal) => kind.runBatch(this.#job, signal, messages)),
    );
    if (this.#isLost) return;
    onBatchDone(this.#job, result);
    this.#isAtEnd = result.isAtEnd;
    await this.#set(advanced(this.#job, result, clock.nowMs()));
    const pauseMs = Math.max(batchMs(this.#job, result.sent), result.waitMs ?? 0);
    const remainingMs = pauseMs - (clock.monotonicMs() - beganMs);
    if (remainingMs > 0 && !this.#isLost) await sleep(clock, remainingMs, this.#closing);
  }

  /** Returns the messages of a batch: its span belongs to the trace of the request for the job. */
  #messages(): CreatedMessages {
    const { id, kind, traceparent } = this.#job;
    const attributes = { 'tidings.job.id': id, 'tidings.job.kind': kind };
    return new CreatedMessages({ topic: topics.deliveries.name, parent: traceparent, attributes });
  }

  /** Renews the claim while the work lasts, and aborts it if the claim is lost or can no longer be relied on. */
  async #underClaim<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { jobs, clock, logger } = this.#parts;
    const lost = new AbortController();
    const renew = async (): Promise<void> => {
      const untilMs = clock.nowMs() + claimMs;
      try {
        if (await jobs.renew(this.#job, untilMs)) this.#job = { ...this.#job, claimedUntilMs: untilMs };
        else this.#isLost = true;
      } catch (error) {
        logger.debug({ jobId: this.#job.id, detail: messageOf(error) }, 'job.claim-not-renewed');
        this.#isLost = clock.nowMs() + renewEveryMs >= this.#job.claimedUntilMs;
      }
      if (this.#isLost) lost.abort();
    };
    const renewals = new PeriodicTask({ clock, firstMs: renewEveryMs, everyMs: renewEveryMs, run: renew });
    try {
      return await work(lost.signal);
    } finally {
      await renewals.close();
    }
  }

  async #end(kind: RunKind, { state, endedAtMs, error }: Partial<Job>): Promise<void> {
    const end = { state, endedAtMs, ...(error === undefined ? {} : { error }) } as Partial<Job>;
    await kind.release?.({ ...this.#job, ...end });
    return this.#set({ ...end, isDue: false });
  }

  async #set(fields: Partial<Job>): Promise<void> {
    this.#job = { ...this.#job, ...fields };
    this.#isSaved = false;
    return this.#save();
  }

  /** Saves the job and renews the claim. A failed write is repeated by the next step, without another batch. */
  async #save(): Promise<void> {
    const { jobs, clock } = this.#parts;
    const next = { ...this.#job, claimedUntilMs: this.#job.isDue ? clock.nowMs() + claimMs : 0 };
    if (!(await jobs.save(next))) return this.#adopt();
    this.#job = next;
    this.#isSaved = true;
  }

  /** Adopts what a caller has changed meanwhile; the next step saves the progress of this run with it. */
  async #adopt(): Promise<void> {
    const stored = await this.#parts.jobs.findAnywhere(this.#job.id);
    if (stored?.claim !== this.#job.claim) this.#isLost = true;
    else if (stored.revision !== this.#job.revision) this.#job = adopted(this.#job, stored);
  }

  async #afterFailure(error: unknown): Promise<void> {
    const { clock } = this.#parts;
    const failures = this.#job.failures + 1;
    this.#job = { ...this.#job, failures };
    await sleep(clock, backoffMs({ attempt: failures, ...retry }), this.#closing);
    // An unavailable store recovers; any other repeated error is a defect that requires an operator.
    if (isTransient(error) || failures < maxFailures || this.#kind.carriedOutBy === 'worker') return;
    try {
      const end = { state: 'failed', endedAtMs: clock.nowMs(), error: messageOf(error) } as const;
      await this.#end(this.#kind, end);
    } catch (failure) {
      this.#parts.logger.warn({ jobId: this.#job.id, detail: messageOf(failure) }, 'job.not-saved');
    }
  }

  /** Gives the claim back when this process stops, so that the next one need not wait for it to expire. */
  async #giveBack(): Promise<void> {
    const { jobs, logger } = this.#parts;
    try {
      if (this.#isSaved) await jobs.renew(this.#job, 0);
      else await jobs.save({ ...this.#job, claimedUntilMs: 0 });
    } catch (error) {
      logger.debug({ jobId: this.#job.id, detail: messageOf(error) }, 'job.not-given-back');
    }
  }

  #logEnd(): void {
    const { id: jobId, kind, state, done, counts, createdAtMs, error } = this.#job;
    const fields = { jobId, kind, state, done, ...counts, ageMs: this.#parts.clock.nowMs() - createdAtMs };
    if (this.#kind.carriedOutBy === 'worker') this.#parts.logger.info(fields, 'job.ordered');
    else if (!hasEnded(this.#job)) this.#parts.logger.info(fields, 'job.paused');
    else {
      this.#parts.logger.info({ ...fields, error }, 'job.ended');
      this.#parts.onEnded(this.#job);
    }
  }
}
