import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock } from '@tidings/runtime';
import { endingOf, type FinishedMemory } from './domain/finished-memory.ts';
import type { ActiveJobs, Job } from './domain/job.ts';
import type { Verdict } from './domain/verdict.ts';
import type { Journal } from './ports.ts';

/** Writes what follows a job, then completes it. False: the process is stopping, and the job was left to the next one. */
export type RecordVerdict = (job: Job, verdict: Verdict) => Promise<boolean>;

export type RecordDependencies = Readonly<{
  journal: Journal;
  active: ActiveJobs;
  memory: FinishedMemory;
  /** Told of each verdict that the log has, for metrics. */
  onRecorded: (verdict: Verdict) => void;
  clock: Clock;
  logger: Logger;
}>;

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

const wait = async (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, delayMs));

/**
 * Record before forget: only when the log has the verdict is the command's offset done. The journal itself repeats
 * its sends; whatever else it throws is logged and tried again, because to give up here would lose a delivery.
 */
export const createRecordVerdict =
  ({ journal, active, memory, onRecorded, clock, logger }: RecordDependencies): RecordVerdict =>
  async (job, verdict) => {
    for (let failures = 1; ; failures += 1) {
      try {
        await journal.write(verdict, job.command);
        const ending = verdict.fact === null ? null : endingOf(verdict.fact);
        if (ending !== null) {
          const { attempt } = job.command.state;
          memory.note(job.chain, attempt, { ...ending, nowMs: clock.monotonicMs() });
        }
        active.complete(job);
        onRecorded(verdict);
        return true;
      } catch (error) {
        if (isClosed(error)) {
          active.drop(job);
          return false;
        }
        logger.error({ deliveryId: job.command.state.deliveryId, failures, error }, 'verdict.not-recorded');
        await wait(clock, backoffMs({ attempt: failures, baseMs: 250, maxMs: 10_000, random: Math.random }));
      }
    }
  };
