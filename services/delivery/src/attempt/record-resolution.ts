import { type DeliveryRequested, topics } from '@tidings/contracts';
import { isClosed, type Producer, type RecordPosition } from '@tidings/kafka';
import { isRecorded, type Logger } from '@tidings/observability';
import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import { endingOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import { type InFlightJobs, type Job, jobKeyOf } from '../domain/in-flight-jobs.ts';
import type { Listeners } from '../domain/listeners.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import { encodeAttemptEvent, encodeFollowUp } from './encode-resolution.ts';
import type { Linger } from './linger.ts';
import { countResolution } from './report-attempt.ts';
import { traceMove } from './trace-move.ts';

/**
 * Writes the resolution of a job, then completes the job. Resolves to false if the process is stopping; the
 * command is then left to the next process.
 */
export type RecordResolution = (job: Job, resolution: Resolution) => Promise<boolean>;

export type Recorded = Listeners<[job: Job, resolution: Resolution, persistedOffset: bigint | null]>;

export type RecordDependencies = Readonly<{
  producer: Producer;
  linger: Linger;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  /**
   * Called for each resolution that the log has acknowledged, with the offset of the job's new entry, if it has one.
   */
  recorded: Recorded;
  /** Called with each command that becomes a dead letter, before it is written. Never rejects. */
  onDeadLetter(command: DeliveryRequested): Promise<void>;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
}>;

const changelogOffsetOf = (positions: readonly RecordPosition[]): bigint | null =>
  positions.find(({ topic }) => topic === topics.orderingChangelog.name)?.offset ?? null;

/**
 * Writes first the follow-up, then the attempt event: an attempt event in the log means "finished" to a process that
 * restores its memory from there. In the other order, a crash between the two writes would drop a command whose next
 * attempt was never written. A send of both is not atomic across partitions. Resolves when every in-sync replica has
 * both, with the offset of the job's new entry, if it has one. Rejects with AppError `closed` at shutdown; it is then
 * unknown which records were written.
 */
const write = async (
  job: Job,
  resolution: Resolution,
  { producer, linger, clock }: RecordDependencies,
): Promise<bigint | null> => {
  const startMs = clock.nowMs();
  const next = encodeFollowUp(resolution, job, startMs);
  const record = encodeAttemptEvent(resolution, job);
  if (next === null && record === null) return null;
  const batched = linger.waitFor(resolution, job);
  if (batched !== null) await batched;
  const isEnding = resolution.attemptEvent !== null && endingOf(resolution.attemptEvent) !== null;
  let offset: bigint | null = null;
  if (next !== null && record !== null && !isEnding) {
    // An attempt event that does not end its attempt may be sent together with the command.
    offset = changelogOffsetOf(await producer.publishAll([next, record]));
  } else {
    if (next !== null) offset = changelogOffsetOf([await producer.publish(next)]);
    if (record !== null) await producer.publish(record);
  }
  if (next !== null && isRecorded(job.command.traceparent))
    traceMove(job, resolution, { topic: next.topic.name, startMs, endMs: clock.nowMs() });
  return offset;
};

// A successful delivery is recorded even by a former owner. Failures are left to
// the queue's new owner (adr/0010, rule 5).
const recordAsFormerOwner = async (job: Job, resolution: Resolution, { producer }: RecordDependencies) => {
  if (resolution.attemptEvent?.outcome.kind !== 'delivered') return;
  const record = encodeAttemptEvent(resolution, job);
  if (record !== null) await producer.publish(record);
};

// A deferral, or a hop towards a later time: the command moves to another record without an attempt.
const keepsItsKey = ({ key }: Job, { followUp }: Resolution): boolean =>
  followUp.kind === 'command' && jobKeyOf(followUp.state) === key;

const recordOnce = async (
  job: Job,
  resolution: Resolution,
  dependencies: RecordDependencies,
): Promise<boolean> => {
  const { inFlight, finishedAttempts, recorded, metrics, clock } = dependencies;
  const { entry, chain, command } = job;
  if (entry?.queue.isRevoked === true) {
    await recordAsFormerOwner(job, resolution, dependencies);
    inFlight.drop(job);
    return false;
  }
  if (entry !== null && resolution.followUp.kind === 'command') entry.isPersisted = true;
  // The moved command may come back from the ladder before its acknowledgement is handled. It is the only one that is
  // still to be sent, so it must not count as a copy of this job.
  if (entry === null && keepsItsKey(job, resolution)) inFlight.drop(job);
  if (resolution.followUp.kind === 'dead-letter') await dependencies.onDeadLetter(command);
  const persistedOffset = await write(job, resolution, dependencies);
  const ending = resolution.attemptEvent === null ? null : endingOf(resolution.attemptEvent);
  if (ending !== null)
    finishedAttempts.record(chain, command.state.attempt, { ...ending, nowMs: clock.monotonicMs() });
  inFlight.complete(job);
  countResolution(job, resolution, metrics);
  recorded.call(job, resolution, persistedOffset);
  return true;
};

/**
 * Creates the recorder. A command's offset is done only when the log has its resolution. The producer repeats
 * its own sends. Any other error is logged and retried, because giving up would lose a delivery.
 */
export const createRecordResolution =
  (dependencies: RecordDependencies): RecordResolution =>
  async (job, resolution) => {
    const { inFlight, clock, logger } = dependencies;
    for (let failures = 1; ; failures += 1) {
      try {
        return await recordOnce(job, resolution, dependencies);
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
