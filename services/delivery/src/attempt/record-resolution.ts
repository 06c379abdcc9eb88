import { isClosed } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import { endingOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import type { InFlightJobs, Job } from '../domain/in-flight.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { Journal } from '../ports.ts';

/**
 * Writes the resolution of a job, then completes the job. Resolves to false if the process is stopping; the
 * command is then left to the next process.
 */
export type RecordResolution = (job: Job, resolution: Resolution) => Promise<boolean>;

export type RecordDependencies = Readonly<{
  journal: Journal;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  /**
   * Called for each resolution that the log has acknowledged, with the offset of the job's new entry, if it has one.
   */
  onRecorded: (job: Job, resolution: Resolution, persistedOffset: bigint | null) => void;
  clock: Clock;
  logger: Logger;
}>;

// A successful delivery is recorded even by a former owner. Failures are left to
// the queue's new owner (adr/0010, rule 5).
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
 * Creates the recorder. A command's offset is done only when the log has its resolution. The journal repeats
 * its own sends. Any other error is logged and retried, because giving up would lose a delivery.
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
