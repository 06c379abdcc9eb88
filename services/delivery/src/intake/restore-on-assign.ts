import type { Assignment } from '@tidings/kafka';
import { messageOf } from '@tidings/runtime';
import type { SupersededCommandsLog } from '../adapters/superseded-commands-log.ts';
import type { SupersededChains } from '../domain/superseded-chains.ts';
import type { QueueRestorer } from '../ordering/queue-restorer.ts';
import { createRefillFinishedAttempts, type RefillParts } from './refill-finished-attempts.ts';

type Dependencies = RefillParts &
  Readonly<{
    superseded: SupersededChains;
    supersededLog: Pick<SupersededCommandsLog, 'read'>;
    restorer: Pick<QueueRestorer, 'restore'>;
    onRestored: (entries: number) => void;
  }>;

/**
 * Creates the function that runs before a partition is processed. It reads the end of the partition's attempts to
 * find those that were finished, by this process or another, reads which commands are superseded, and restores its
 * ordered queues. Partitions that are
 * assigned together are read together. A failure to restore finished attempts is only logged: copies are then
 * sent again. A failure to read the others would lose the order, or send what a retry has taken the place of, so it stops
 * the partition until it succeeds.
 */
export const createRestoreOnAssign = (dependencies: Dependencies) => {
  const { finishedAttempts, superseded, supersededLog, restorer, onRestored, clock, logger } = dependencies;
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

  const readSuperseded = async (partitions: readonly number[]): Promise<void> =>
    supersededLog.read(partitions, ({ partition, superseded: record, atMs }) =>
      superseded.add(partition, record, atMs),
    );

  const restore = async (): Promise<void> => {
    const assignments = pending;
    pending = [];
    batch = undefined;
    const beganMs = clock.monotonicMs();
    const partitions = assignments.map(({ partition }) => partition);
    // In this order: an entry is written before the attempt event that follows from it. If an attempt event
    // marks a command as finished, its entry is thus in the log when the entries are read.
    await Promise.all([refill(assignments, partitions), readSuperseded(partitions)]);
    const restored = await restorer.restore(assignments);
    onRestored(restored);
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    logger.info(
      { partitions, chains: finishedAttempts.size, superseded: superseded.size, entries: restored, tookMs },
      'state.restored',
    );
  };

  return async (assignment: Assignment): Promise<void> => {
    pending.push(assignment);
    batch ??= Promise.resolve().then(restore);
    await batch;
  };
};
