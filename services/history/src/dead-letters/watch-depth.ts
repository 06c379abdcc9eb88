import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, repeatTurns } from '@tidings/runtime';
import type { DeadLetterCount, DeadLetterStore } from './ports.ts';

/** What the watch needs. */
export type DepthParts = Readonly<{
  letters: Pick<DeadLetterStore, 'countWaiting'>;
  clock: Clock;
  logger: Logger;
  onCounted: (counts: readonly DeadLetterCount[]) => void;
}>;

const everyMs = 30_000;

/** Counts what waits, every half minute: for the metrics. Returns what stops it. */
export const watchDepth = ({ letters, clock, logger, onCounted }: DepthParts): (() => void) => {
  const turn = async (): Promise<void> => {
    try {
      onCounted(await letters.countWaiting());
    } catch (error) {
      // MongoDB is watched elsewhere; here only figures are missing.
      logger.debug({ detail: messageOf(error) }, 'dead-letters.not-counted');
    }
  };
  return repeatTurns({ clock, firstMs: 0, everyMs, turn });
};
