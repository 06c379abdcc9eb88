import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import { projected, type RecordedProgress } from './domain/job-progress.ts';
import type { JobStore } from './ports.ts';

/** The dependencies of the projection. */
export type ProgressParts = Readonly<{
  jobs: Pick<JobStore, 'findAnywhere' | 'saveProgress'>;
  clock: Clock;
  logger: Logger;
}>;

const retryMs = 2_000;

/** Writes one progress record to its job. A job that is not stored was removed: its record is ignored. */
const projectProgress = async (jobs: ProgressParts['jobs'], recorded: RecordedProgress): Promise<void> => {
  for (;;) {
    const job = await jobs.findAnywhere(recorded.progress.jobId);
    const next = job === null ? null : projected(job, recorded);
    if (job === null || next === null) return;
    if (await jobs.saveProgress(job, next)) return;
  }
};

/**
 * Projects progress records into the stored jobs, of each job only the newest. While the store is unavailable, the
 * newest records wait.
 */
export class ProgressProjection {
  readonly #parts: ProgressParts;
  readonly #waiting = new Map<string, RecordedProgress>();
  #working: Promise<void> | undefined;
  #isClosed = false;
  #cancelRetry = (): void => {};

  constructor(parts: ProgressParts) {
    this.#parts = parts;
  }

  /** Adds a record; a record of the same job that waits is replaced. */
  add(recorded: RecordedProgress): void {
    this.#waiting.set(recorded.progress.jobId, recorded);
    this.#work();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    await this.#working;
  }

  #work(): void {
    if (this.#isClosed || this.#working !== undefined || this.#waiting.size === 0) return;
    this.#cancelRetry();
    this.#working = this.#writeAll().then((isDone) => {
      this.#working = undefined;
      if (isDone) this.#work();
      else if (!this.#isClosed) {
        this.#cancelRetry = this.#parts.clock.setTimer(() => this.#work(), retryMs);
      }
    });
  }

  async #writeAll(): Promise<boolean> {
    const { jobs, logger } = this.#parts;
    try {
      for (const [id, recorded] of this.#waiting) {
        await projectProgress(jobs, recorded);
        if (this.#waiting.get(id) === recorded) this.#waiting.delete(id);
      }
      return true;
    } catch (error) {
      logger.debug({ detail: messageOf(error) }, 'job-progress.not-written');
      return false;
    }
  }
}
