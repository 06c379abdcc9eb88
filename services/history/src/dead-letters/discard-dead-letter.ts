import { AppError, type Clock } from '@tidings/runtime';
import type { DeadLetter, Settlement } from './domain/dead-letter.ts';
import type { DeadLetterJournal, DeadLetterStore } from './ports.ts';

/** What discarding one works with. */
export type DiscardParts = Readonly<{
  letters: Pick<DeadLetterStore, 'settle'>;
  journal: Pick<DeadLetterJournal, 'settle'>;
  clock: Clock;
}>;

const refuse = (message: string): AppError => new AppError({ code: 'conflict', message });

/** Gives one letter up for good, with the reason. It can be read until its retention has passed. */
export const discardDeadLetter = async (
  { letters, journal, clock }: DiscardParts,
  letter: DeadLetter,
  { by, reason }: Pick<Settlement, 'by' | 'reason'>,
): Promise<DeadLetter> => {
  // Discarded twice is discarded: the first reason stays.
  if (letter.state === 'discarded') return letter;
  if (letter.state !== 'waiting') {
    throw refuse(`Only what waits can be discarded; this one is ${letter.state}.`);
  }
  const settlement = { how: 'discarded', by, reason, atMs: clock.nowMs() } as const;
  await journal.settle([letter], settlement);
  if ((await letters.settle([letter.ref], settlement)) === 0) {
    throw refuse('It has just been taken for sending, discarded or delivered: read it again.');
  }
  return { ...letter, state: 'discarded', settled: settlement };
};
