import { decodeAttempt, topics } from '@tidings/contracts';
import type { Assignment, Bus, IncomingRecord } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import { chainKeyOf, endingOf, type FinishedAttempts } from '../domain/finished-attempts.ts';

export type RefillParts = Readonly<{
  bus: Pick<Bus, 'lag' | 'readRange'>;
  group: string;
  finishedAttempts: FinishedAttempts;
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

const firstOffsets = (
  assignments: readonly Assignment[],
  ends: Awaited<ReturnType<Bus['lag']>>,
): ReadonlyMap<number, bigint> => {
  const offsets = new Map<number, bigint>();
  for (const assignment of assignments) {
    const end = ends.find(({ partition }) => partition === assignment.partition)?.highOffset ?? 0n;
    const from = end - attemptEventsToRead(assignment);
    if (end > 0n) offsets.set(assignment.partition, from > 0n ? from : 0n);
  }
  return offsets;
};

/**
 * Creates the function that reads the ends of the attempts of assigned partitions, to find the attempts that were
 * finished, by this process or another. Rejects when they cannot be read; records that do not decode are skipped.
 */
export const createRefillFinishedAttempts = ({
  bus,
  group,
  finishedAttempts,
  onGone,
  clock,
  logger,
}: RefillParts) => {
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

  return async (assignments: readonly Assignment[]): Promise<void> => {
    const offsets = firstOffsets(assignments, await bus.lag(group, [topics.attempts]));
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
};
