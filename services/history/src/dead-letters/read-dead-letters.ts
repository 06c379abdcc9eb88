import { type Content, type DeadLetter, deadLetterKey } from './domain/dead-letter.ts';
import type { DeadLetterFilters } from './domain/dead-letter-filters.ts';
import { erasedDeadLetter } from './domain/erase-dead-letter.ts';
import type { DeadLetterPosition, DeadLetterStore } from './ports.ts';

/** One page, newest first; `next` is the start of the following page, null on the last. */
export type DeadLetterPage = Readonly<{
  deadLetters: readonly DeadLetter[];
  next: DeadLetterPosition | null;
}>;

/** Lists the matching dead letters. The position of a dead letter never changes, so no page skips or repeats one. */
export const listDeadLetters = async (
  deadLetters: Pick<DeadLetterStore, 'list'>,
  filters: DeadLetterFilters,
  { limit, after }: Readonly<{ limit: number; after: DeadLetterPosition | null }>,
): Promise<DeadLetterPage> => {
  // One more than requested shows whether there is another page.
  const found = await deadLetters.list(filters, { limit: limit + 1, after });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const isLast = found.length <= limit || last === undefined;
  return {
    deadLetters: page,
    next: isLast ? null : { recordedAtMs: last.recordedAtMs, key: deadLetterKey(last.ref) },
  };
};

/** Reads one dead letter with its content; returns null if it does not exist or is outside the key's scope. */
export const readDeadLetter = async (
  deadLetters: Pick<DeadLetterStore, 'find' | 'readContents'>,
  filters: DeadLetterFilters,
): Promise<Readonly<{ deadLetter: DeadLetter; content: Content | null }> | null> => {
  const deadLetter = await deadLetters.find(filters);
  if (deadLetter === null) return null;
  const contents = await deadLetters.readContents([deadLetter.ref]);
  const content = contents.get(deadLetterKey(deadLetter.ref)) ?? null;
  return { deadLetter: content?.kind === 'erased' ? erasedDeadLetter(deadLetter) : deadLetter, content };
};
