import { type ErasureSubject, poisonedEventOf, type RecordPoisoned } from '@tidings/contracts';
import { type Content, type DeadLetter, workspaceOf } from './dead-letter.ts';

/** Returns a dead letter whose content is erased. The detail of a decoding error may quote the content. */
export const erasedDeadLetter = (deadLetter: DeadLetter): DeadLetter => ({
  ...deadLetter,
  detail: null,
  isErased: true,
});

const subjectOfPoison = (poison: RecordPoisoned): ErasureSubject | null => {
  const event = poisonedEventOf(poison);
  const workspaceId = workspaceOf(poison, () => undefined);
  if (event === null || workspaceId === null) return null;
  const { id: eventId, consumerId } = event;
  return { workspaceId, eventId, consumerId, acceptedAtMs: Math.max(0, poison.origin.timestampMs) };
};

/** Returns what an erasure judges of a content; null if it is erased, or no event that can be read. */
export const subjectOf = (content: Content): ErasureSubject | null => {
  switch (content.kind) {
    case 'delivery':
      return content.command.state;
    case 'poison':
      return subjectOfPoison(content.poison);
    case 'erased':
      return null;
  }
};
