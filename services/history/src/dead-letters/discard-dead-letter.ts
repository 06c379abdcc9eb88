import { AppError, type Clock } from '@tidings/runtime';
import type { DeadLetter, Settlement } from './domain/dead-letter.ts';
import type { DeadLetterJournal, DeadLetterStore } from './ports.ts';

/** The dependencies of discarding one dead letter. */
export type DiscardParts = Readonly<{
  deadLetters: Pick<DeadLetterStore, 'settle'>;
  journal: Pick<DeadLetterJournal, 'settle'>;
  clock: Clock;
}>;

const refuse = (message: string): AppError => new AppError({ code: 'conflict', message });

/** Discards one dead letter permanently, with the reason. It can be read until its retention ends. */
export const discardDeadLetter = async (
  { deadLetters, journal, clock }: DiscardParts,
  deadLetter: DeadLetter,
  { by, reason }: Pick<Settlement, 'by' | 'reason'>,
): Promise<DeadLetter> => {
  // Discarding twice has no further effect: the first reason stays.
  if (deadLetter.state === 'discarded') return deadLetter;
  if (deadLetter.state !== 'waiting') {
    throw refuse(`Only a waiting dead letter can be discarded; this one is ${deadLetter.state}.`);
  }
  const settlement = { how: 'discarded', by, reason, atMs: clock.nowMs() } as const;
  await journal.settle([deadLetter], settlement);
  if ((await deadLetters.settle([deadLetter.ref], settlement)) === 0) {
    throw refuse(
      'The dead letter has just been claimed for a redrive, discarded or delivered: read it again.',
    );
  }
  return { ...deadLetter, state: 'discarded', settled: settlement };
};
