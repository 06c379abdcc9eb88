import type { Assignment } from '@tidings/kafka';
import { messageOf } from '@tidings/runtime';
import type { QueueRestorer } from '../ordering/queue-restorer.ts';
import { createRefillFinishedAttempts, type RefillParts } from './refill-finished-attempts.ts';

type Dependencies = RefillParts &
  Readonly<{
    restorer: Pick<QueueRestorer, 'restore'>;
    onRestored: (entries: number) => void;
  }>;

/**
 * Creates the function that runs before a partition is processed. It reads the end of the partition's attempts to
 * find those that were finished, by this process or another, and restores its ordered queues. Partitions that are
 * assigned together are read together. A failure to restore finished attempts is only logged: copies are then
 * sent again. A failure to restore the queues would lose the order, so it stops the partition until it succeeds.
 */
export const createRestoreOnAssign = (dependencies: Dependencies) => {
  const { finishedAttempts, restorer, onRestored, clock, logger } = dependencies;
  const refillFinishedAttempts = createRefillFinishedAttempts(dependencies);
  let pending: Assignment[] = [];
  let batch: Promise<void> | undefined;

  const refill = async (assignments: readonly Assignment[], partitions: readonly number[]): Promise<void> => {
    try {
      await refillFinishedAttempts(assignments);
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
