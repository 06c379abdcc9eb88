import { randomUUID } from 'node:crypto';
import { messageOf, PeriodicTask } from '@tidings/runtime';
import type { Job } from './domain/job.ts';
import type { JobKinds } from './job-kind.ts';
import { claimMs, JobRun, type JobRunParts } from './job-run.ts';

/** The dependencies of the runner. */
export type RunnerParts = JobRunParts &
  Readonly<{
    kinds: JobKinds;
    /** Called after each poll of the jobs with its error, or null if it succeeded. */
    onRound: (fault: string | null) => void;
  }>;

const pollEveryMs = 2_000;
const maxRuns = 8;

/**
 * Processes the jobs of the read model. Any instance may: it claims a job that no live run has claimed, and continues
 * at its checkpoint.
 *
 *   waiting ──poll──▶ runs (a few at a time) ──ended, paused, claim lost──▶ waiting      any ──close──▶ closed
 */
export class JobRunner {
  readonly #parts: RunnerParts;
  readonly #polls: PeriodicTask;
  readonly #runs = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    const run = async (): Promise<void> => this.#takeDue();
    this.#polls = new PeriodicTask({ clock: parts.clock, firstMs: null, everyMs: pollEveryMs, run });
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
    const { jobs, kinds, clock, logger, onRound } = this.#parts;
    const free = maxRuns - this.#runs.size;
    if (free <= 0) return;
    try {
      for (const job of await jobs.listDue(kinds.ready(), clock.nowMs(), free)) {
        if (this.#runs.has(job.id) || this.#closing.signal.aborted) continue;
        await this.#claim(job);
      }
      onRound(null);
    } catch (error) {
      // The next poll finds the same jobs.
      logger.debug({ detail: messageOf(error) }, 'jobs.not-polled');
      onRound(messageOf(error));
    }
  }

  async #claim(job: Job): Promise<void> {
    const { jobs, kinds, clock } = this.#parts;
    const kind = kinds.get(job.kind);
    if (kind === undefined) return;
    const nowMs = clock.nowMs();
    const isStarted = kind.carriedOutBy === 'history' && job.state === 'queued';
    const claimed = {
      claim: randomUUID(),
      claimedUntilMs: nowMs + claimMs,
      state: isStarted ? 'running' : job.state,
      startedAtMs: isStarted ? (job.startedAtMs ?? nowMs) : job.startedAtMs,
    } as const;
    if (!(await jobs.claim(job, claimed))) return;
    // The pace of the run before says nothing about this one.
    const mine = { ...job, ...claimed, pace: null };
    const run = new JobRun(this.#parts, { job: mine, kind, closing: this.#closing.signal });
    const finished = run.finished().finally(() => this.#runs.delete(job.id));
    this.#runs.set(job.id, finished);
  }
}
