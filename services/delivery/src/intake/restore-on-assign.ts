import { decodeAttempt, topics } from '@tidings/contracts';
import type { Assignment, Bus, IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import { chainKeyOf, endingOf, type FinishedAttempts } from '../domain/finished-attempts.ts';
import type { QueueRestorer } from '../ordering/queue-restorer.ts';

type Dependencies = Readonly<{
  bus: Pick<Bus, 'lag' | 'readRange'>;
  group: string;
  finishedAttempts: FinishedAttempts;
  restorer: Pick<QueueRestorer, 'restore'>;
  onRestored: (entries: number) => void;
  /**
   * Called for each endpoint that responded 410, with its subscription's version:
   * the registry may not have recorded it yet.
   */
  onGone: (subscriptionId: string, version: number) => void;
  clock: Clock;
  logger: Logger;
}>;

// Minimum attempt events to read per partition: copies arrive within seconds of each other.
const minAttemptEvents = 5_000;
const maxAttemptEvents = 50_000;

/**
 * Returns how many attempt events of a partition to read. Each command that was read and not committed may have
 * two (its own, and one that announces its deferral). Older ones are kept in memory only to recognise late copies.
 */
const attemptEventsToRead = ({ committedOffset, highOffset }: Assignment): bigint => {
  const open = Number(highOffset - committedOffset);
  return BigInt(Math.min(Math.max(2 * open, minAttemptEvents), maxAttemptEvents));
};

/**
 * Creates the function that runs before a partition is processed. It reads the end of the partition's attempts to
 * find those that were finished, by this process or another, and restores its ordered queues. Partitions that are
 * assigned together are read together. A failure to restore finished attempts is only logged: copies are then
 * sent again. A failure to restore the queues would lose the order, so it stops the partition until it succeeds.
 */
export const createRestoreOnAssign = ({
  bus,
  group,
  finishedAttempts,
  restorer,
  onRestored,
  onGone,
  clock,
  logger,
}: Dependencies) => {
  let pending: Assignment[] = [];
  let batch: Promise<void> | undefined;

  const readAttempt = (record: IncomingRecord): void => {
    const attemptEvent = decodeAttempt(record);
    if (
      attemptEvent.trigger !== 'test' &&
      attemptEvent.outcome.kind === 'failed' &&
      attemptEvent.outcome.reason === 'gone'
    ) {
      onGone(attemptEvent.subscriptionId, attemptEvent.subscriptionVersion);
    }
    const ending = endingOf(attemptEvent);
    if (ending === null) return;
    finishedAttempts.record(chainKeyOf(attemptEvent), attemptEvent.attempt, {
      ...ending,
      nowMs: clock.monotonicMs(),
    });
  };

  const readIfValid = (record: IncomingRecord): void => {
    try {
      readAttempt(record);
    } catch (error) {
      logger.debug(
        { offset: String(record.offset), detail: messageOf(error) },
        'finished-attempts.record-skipped',
      );
    }
  };

  const read = async (assignments: readonly Assignment[]): Promise<void> => {
    const ends = await bus.lag(group, [topics.attempts]);
    const offsets = new Map<number, bigint>();
    for (const assignment of assignments) {
      const end = ends.find(({ partition }) => partition === assignment.partition)?.highOffset ?? 0n;
      const from = end - attemptEventsToRead(assignment);
      if (end > 0n) offsets.set(assignment.partition, from > 0n ? from : 0n);
    }
    const partitions = [...offsets.keys()];
    const from = { offsets };
    await bus.readRange({
      topic: topics.attempts,
      partitions,
      from,
      onRecord: readIfValid,
      service: 'delivery',
    });
  };

  const refill = async (assignments: readonly Assignment[], partitions: readonly number[]): Promise<void> => {
    try {
      await read(assignments);
    } catch (error) {
      logger.warn({ partitions, detail: messageOf(error) }, 'finished-attempts.not-refilled');
    }
  };

  const restore = async (): Promise<void> => {
    const assignments = pending;
    pending = [];
    batch = undefined;
    const beganMs = clock.monotonicMs();
    const partitions = assignments.map(({ partition }) => partition);
    // In this order: an entry is written before the attempt event that follows from it. If an attempt event
    // marks a command as finished, its entry is thus in the log when the entries are read.
    await refill(assignments, partitions);
    const restored = await restorer.restore(partitions);
    onRestored(restored);
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    logger.info({ partitions, chains: finishedAttempts.size, entries: restored, tookMs }, 'state.restored');
  };

  return async (assignment: Assignment): Promise<void> => {
    pending.push(assignment);
    batch ??= Promise.resolve().then(restore);
    await batch;
  };
};
