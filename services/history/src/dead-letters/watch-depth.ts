import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';
import type { DeadLetterCount, DeadLetterStore } from './ports.ts';

/** What the watch needs. */
export type DepthParts = Readonly<{
  deadLetters: Pick<DeadLetterStore, 'countWaiting'>;
  clock: Clock;
  logger: Logger;
  onCounted: (counts: readonly DeadLetterCount[]) => void;
}>;

const everyMs = 30_000;

/** Counts what waits, every half minute: for the metrics. Returns what stops it. */
export const watchDepth = ({ deadLetters, clock, logger, onCounted }: DepthParts): (() => void) => {
  const batch = async (): Promise<void> => {
    try {
      onCounted(await deadLetters.countWaiting());
    } catch (error) {
      // MongoDB is watched elsewhere; here only figures are missing.
      logger.debug({ detail: messageOf(error) }, 'dead-letters.not-counted');
    }
  };
  return runPeriodically({ clock, firstMs: 0, everyMs, task: batch });
};
