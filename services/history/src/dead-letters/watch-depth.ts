import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';
import type { DeadLetterCount, DeadLetterStore } from './ports.ts';

/** The dependencies of the watch. */
export type DepthParts = Readonly<{
  deadLetters: Pick<DeadLetterStore, 'countWaiting'>;
  clock: Clock;
  logger: Logger;
  onCounted: (counts: readonly DeadLetterCount[]) => void;
}>;

const everyMs = 30_000;

/** Counts the waiting dead letters every half minute, for the metrics. Returns a function that stops it. */
export const watchDepth = ({ deadLetters, clock, logger, onCounted }: DepthParts): (() => void) => {
  const count = async (): Promise<void> => {
    try {
      onCounted(await deadLetters.countWaiting());
    } catch (error) {
      // Other code monitors MongoDB; here only the counts are missing.
      logger.debug({ detail: messageOf(error) }, 'dead-letters.not-counted');
    }
  };
  return runPeriodically({ clock, firstMs: 0, everyMs, run: count });
};
