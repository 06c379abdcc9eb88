import type { JobProgressed, JobState } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';
import { isOpen, type ReplayJob } from './domain/replay-job.ts';
import { RunTurns } from './domain/run-turns.ts';

/** Starts a run of a job; resolves with its last progress. */
export type StartRun = (job: ReplayJob, signal: AbortSignal) => Promise<JobProgressed>;

type Parts = Readonly<{
  /** Returns the newest state of a job; undefined if this process does not own it any more. */
  find: (jobId: string) => ReplayJob | undefined;
  start: StartRun;
  report: (progress: JobProgressed) => Promise<void>;
  /** Lets the live events continue that a job holds. */
  release: (job: ReplayJob) => Promise<void>;
  clock: Clock;
  logger: Logger;
}>;

type Run = Readonly<{ stop: AbortController; ended: Promise<void> }>;

const retry = { baseMs: 500, maxMs: 30_000, random: Math.random } as const;
const maxFailures = 10;
// A run that looks up what is missing takes about 20 MB.
const maxRuns = { all: 8, ofWorkspace: 2 } as const;

/** Returns true while there is something to send, or to say about the newest order. */
const hasWork = (job: ReplayJob): boolean =>
  isOpen(job) && (job.order.desired === 'running' || job.progress?.state !== job.order.desired);

/**
 * Runs the open jobs of the partitions that this process owns, a few at a time and each from its checkpoint:
 *
 *   order, none running ──▶ run ──▶ done
 *                           │ ▲ └──▶ failed (repeated errors)
 *          pause, cancel ◀──┘ └── resume
 */
export class ReplayRunner {
  readonly #parts: Parts;
  readonly #runs = new Map<string, Run>();
  readonly #turns = new RunTurns(maxRuns);
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#runs.size;
  }

  /** Starts, stops or settles a job, as its newest order says. */
  update(job: ReplayJob): void {
    const { jobId, desired } = job.order;
    if (this.#isClosed || !hasWork(job)) return;
    const run = this.#runs.get(jobId);
    if (desired !== 'running') run?.stop.abort();
    // The end of a run looks at the newest order again.
    if (run !== undefined) return;
    const stop = new AbortController();
    this.#runs.set(jobId, { stop, ended: this.#run(job, stop.signal) });
  }

  /** Stops the run of a job that this process does not own any more. */
  async drop(jobId: string): Promise<void> {
    const run = this.#runs.get(jobId);
    run?.stop.abort();
    await run?.ended;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#runs.keys()].map(async (jobId) => this.drop(jobId)));
  }

  async #run(first: ReplayJob, signal: AbortSignal): Promise<void> {
    const { find, logger } = this.#parts;
    const { jobId } = first.order;
    // Returns to the caller before any work, so that the run is registered.
    await Promise.resolve();
    let isSettled = false;
    try {
      if (first.order.desired === 'running') await this.#runInTurn(first, signal);
      await this.#settle(jobId);
      isSettled = true;
    } catch (error) {
      logger.error({ jobId, detail: messageOf(error) }, 'replay.not-settled');
    }
    this.#runs.delete(jobId);
    const newest = find(jobId);
    // An order that came meanwhile.
    if (newest !== undefined && isSettled) this.update(newest);
  }

  async #runInTurn({ order: { jobId, workspaceId } }: ReplayJob, signal: AbortSignal): Promise<void> {
    if (!(await this.#turns.take(workspaceId, signal))) return;
    try {
      await this.#runToEnd(jobId, signal);
    } finally {
      this.#turns.end(workspaceId);
    }
  }

  async #runToEnd(jobId: string, signal: AbortSignal): Promise<void> {
    const { find, start, report, clock, logger } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      const job = find(jobId);
      if (job === undefined || !isOpen(job)) return;
      try {
        const progress = await start(job, signal);
        if (find(jobId) !== undefined) await report(progress);
        logger.info({ jobId, ...progress.counts, state: progress.state }, 'replay.run-ended');
        return;
      } catch (error) {
        failures += 1;
        const detail = messageOf(error);
        logger.warn({ jobId, detail, failures }, 'replay.run-failed');
        const isHopeless = error instanceof AppError && error.code === 'unprocessable';
        if (isHopeless || failures >= maxFailures) {
          await this.#write(find(jobId), 'failed', detail);
          return;
        }
        await sleep(clock, backoffMs({ attempt: failures, ...retry }), signal);
      }
    }
  }

  /** Writes that a job is paused or cancelled, once its run has stopped. */
  async #settle(jobId: string): Promise<void> {
    const job = this.#parts.find(jobId);
    if (job === undefined || !hasWork(job) || this.#isClosed) return;
    const { desired } = job.order;
    if (desired === 'running') return;
    await this.#write(job, desired, null);
  }

  /** Writes that a job is paused, or ended before its end. */
  async #write(job: ReplayJob | undefined, state: JobState, error: string | null): Promise<void> {
    if (job === undefined) return;
    const { order, progress } = job;
    // Before its end is known: a crash in between repeats both.
    await this.#parts.release(job);
    await this.#parts.report({
      type: 'JobProgressed.v1',
      jobId: order.jobId,
      kind: 'replay',
      startedAtMs: null,
      checkpoint: {},
      counts: {},
      total: null,
      done: 0,
      ...progress,
      state,
      revision: order.revision,
      error,
      updatedAtMs: this.#parts.clock.nowMs(),
    });
  }
}
