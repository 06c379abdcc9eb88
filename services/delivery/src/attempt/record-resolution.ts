import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock } from '@tidings/runtime';
import { endingOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import type { InFlightJobs, Job } from '../domain/in-flight.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { Journal } from '../ports.ts';

/** Writes what follows a job, then completes it. False: the process is stopping, and the job was left to the next one. */
export type RecordResolution = (job: Job, resolution: Resolution) => Promise<boolean>;

export type RecordDependencies = Readonly<{
  journal: Journal;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  /** Told of each verdict that the log has, and of the place of the job's new entry if it got one. */
  onRecorded: (job: Job, resolution: Resolution, persistedOffset: bigint | null) => void;
  clock: Clock;
  logger: Logger;
}>;

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

const sleep = async (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, delayMs));

// A delivery is true whoever records it; what failed is for the line's new owner to find (adr/0010, rule 5).
const recordAsFormerOwner = async (job: Job, resolution: Resolution, { journal }: RecordDependencies) => {
  if (resolution.attemptEvent?.outcome.kind === 'delivered') await journal.writeAttemptEvent(resolution, job);
};

const writeOnce = async (
  job: Job,
  resolution: Resolution,
  dependencies: RecordDependencies,
): Promise<boolean> => {
  const { journal, inFlight, finishedAttempts, onRecorded, clock } = dependencies;
  const { entry, chain, command } = job;
  if (entry?.queue.isRevoked === true) {
    await recordAsFormerOwner(job, resolution, dependencies);
    inFlight.drop(job);
    return false;
  }
  if (entry !== null && resolution.followUp.kind === 'command') entry.isPersisted = true;
  const persistedOffset = await journal.write(resolution, job);
  const ending = resolution.attemptEvent === null ? null : endingOf(resolution.attemptEvent);
  if (ending !== null)
    finishedAttempts.record(chain, command.state.attempt, { ...ending, nowMs: clock.monotonicMs() });
  inFlight.complete(job);
  onRecorded(job, resolution, persistedOffset);
  return true;
};

/**
 * Record before forget: only when the log has the verdict is the command's offset done. The journal itself repeats
 * its sends; whatever else it throws is logged and tried again, because to give up here would lose a delivery.
 */
export const createRecordResolution =
  (dependencies: RecordDependencies): RecordResolution =>
  async (job, resolution) => {
    const { inFlight, clock, logger } = dependencies;
    for (let failures = 1; ; failures += 1) {
      try {
        return await writeOnce(job, resolution, dependencies);
      } catch (error) {
        if (isClosed(error)) {
          inFlight.drop(job);
          return false;
        }
        logger.error(
          { deliveryId: job.command.state.deliveryId, failures, error },
          'resolution.not-recorded',
        );
        await sleep(clock, backoffMs({ attempt: failures, baseMs: 250, maxMs: 10_000, random: Math.random }));
      }
    }
  };
