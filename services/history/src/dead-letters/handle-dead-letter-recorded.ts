import {
  type DeadLetterRef,
  type DeadLetterSettled,
  deadLetterRefOf,
  type WorkspaceId,
} from '@tidings/contracts';
import { chainsOf, type Delivery } from '../domain/delivery.ts';
import type { DeliveryStore } from '../ports.ts';
import { contentOf, type DeadLetter, deadLetterOf, letterKey, type Recorded } from './domain/dead-letter.ts';
import type { DeadLetterStore } from './ports.ts';

/** A record of the topic: a dead letter with where it lies, or what was done with one. */
export type DeadLetterFact = Recorded | DeadLetterSettled;

/** What the projection works with. */
export type LetterProjection = Readonly<{
  letters: DeadLetterStore;
  deliveries: Pick<DeliveryStore, 'read'>;
  ownerOf: (subscription: string) => WorkspaceId | undefined;
}>;

const isLetter = (fact: DeadLetterFact): fact is Recorded => 'letter' in fact;

/** Every dead letter in which a delivery may lie. */
export const lettersOf = (delivery: Pick<Delivery, 'id' | 'eventId' | 'facts'>): readonly DeadLetterRef[] =>
  chainsOf(delivery).map((chain) => ({
    kind: 'delivery',
    eventId: delivery.eventId,
    deliveryId: delivery.id,
    chain,
  }));

/**
 * Marks those whose delivery has succeeded by another chain or a fork. Attempts mark them too, when they are projected:
 * each of the two writes first and looks at the other after that, so one of them sees both.
 */
export const markRecovered = async (
  { letters, deliveries }: Pick<LetterProjection, 'letters' | 'deliveries'>,
  refs: readonly DeadLetterRef[],
): Promise<ReadonlySet<string>> => {
  const ofDeliveries = refs.flatMap((ref) => (ref.kind === 'delivery' ? [ref] : []));
  if (ofDeliveries.length === 0) return new Set();
  const names = ofDeliveries.map(({ deliveryId, eventId }) => ({ id: deliveryId, eventId }));
  const known = await deliveries.read(names);
  const recovered = ofDeliveries.filter(
    ({ deliveryId }) => known.get(deliveryId)?.delivery.status === 'delivered',
  );
  await letters.markDelivered(recovered);
  return new Set(recovered.map(letterKey));
};

/**
 * Writes a batch of records into the read model; answers the dead letters that are new. Idempotent: the whole batch may
 * come again. Of two records of one dead letter the first one stays.
 */
export const handleDeadLetterRecorded = async (
  { letters, deliveries, ownerOf }: LetterProjection,
  facts: readonly DeadLetterFact[],
): Promise<readonly DeadLetter[]> => {
  const recorded = new Map<string, Recorded>();
  for (const fact of facts) {
    if (!isLetter(fact)) continue;
    const key = letterKey(deadLetterRefOf(fact.letter));
    if (!recorded.has(key)) recorded.set(key, fact);
  }
  const fresh = await letters.insert(
    [...recorded.values()].map((one) => ({ letter: deadLetterOf(one, ownerOf), content: contentOf(one) })),
  );
  await markRecovered(
    { letters, deliveries },
    [...recorded.values()].map(({ letter }) => deadLetterRefOf(letter)),
  );
  await letters.settleFrom(facts.flatMap((fact) => (isLetter(fact) ? [] : [fact])));
  return fresh;
};
