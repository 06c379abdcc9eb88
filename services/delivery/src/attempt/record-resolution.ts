import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock } from '@tidings/runtime';
import { endingOf, type FinishedMemory } from '../domain/finished-attempts.ts';
import type { ActiveJobs, Job } from '../domain/in-flight.ts';
import type { Verdict } from '../domain/resolution.ts';
import type { Journal } from '../ports.ts';

/** Writes what follows a job, then completes it. False: the process is stopping, and the job was left to the next one. */
export type RecordVerdict = (job: Job, verdict: Verdict) => Promise<boolean>;

export type RecordDependencies = Readonly<{
  journal: Journal;
  active: ActiveJobs;
  memory: FinishedMemory;
  /** Told of each verdict that the log has, and of the place of the job's new entry if it got one. */
  onRecorded: (job: Job, verdict: Verdict, entryOffset: bigint | null) => void;
  clock: Clock;
  logger: Logger;
}>;

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

const wait = async (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(resolve, delayMs));

// A delivery is true whoever records it; what failed is for the line's new owner to find (adr/0010, rule 5).
const recordAsFormerOwner = async (job: Job, verdict: Verdict, { journal }: RecordDependencies) => {
  if (verdict.fact?.outcome.kind === 'delivered') await journal.writeFact(verdict, job);
};

const writeOnce = async (job: Job, verdict: Verdict, dependencies: RecordDependencies): Promise<boolean> => {
  const { journal, active, memory, onRecorded, clock } = dependencies;
  const { member, chain, command } = job;
  if (member?.line.isGone === true) {
    await recordAsFormerOwner(job, verdict, dependencies);
    active.drop(job);
    return false;
  }
  if (member !== null && verdict.followUp.kind === 'command') member.hasEntry = true;
  const entryOffset = await journal.write(verdict, job);
  const ending = verdict.fact === null ? null : endingOf(verdict.fact);
  if (ending !== null) memory.note(chain, command.state.attempt, { ...ending, nowMs: clock.monotonicMs() });
  active.complete(job);
  onRecorded(job, verdict, entryOffset);
  return true;
};

/**
 * Record before forget: only when the log has the verdict is the command's offset done. The journal itself repeats
 * its sends; whatever else it throws is logged and tried again, because to give up here would lose a delivery.
 */
export const createRecordVerdict =
  (dependencies: RecordDependencies): RecordVerdict =>
  async (job, verdict) => {
    const { active, clock, logger } = dependencies;
    for (let failures = 1; ; failures += 1) {
      try {
        return await writeOnce(job, verdict, dependencies);
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
