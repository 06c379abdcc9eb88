import {
  type DeadLetterRef,
  type DeadLetterSettled,
  deadLetterRefOf,
  type WorkspaceId,
} from '@tidings/contracts';
import { chainsOf, type Delivery } from '../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import {
  contentOf,
  type DeadLetter,
  deadLetterKey,
  deadLetterOf,
  type Recorded,
} from './domain/dead-letter.ts';
import type { DeadLetterStore } from './ports.ts';

/** A record of the topic: a dead letter with its position, or the settlement of one. */
export type DeadLetterEvent = Recorded | DeadLetterSettled;

/** The dependencies of the projection. */
export type DeadLetterProjection = Readonly<{
  deadLetters: DeadLetterStore;
  deliveries: Pick<DeliveryStore, 'read'>;
  ownerOf: (subscription: string) => WorkspaceId | undefined;
}>;

const isDeadLetter = (event: DeadLetterEvent): event is Recorded => 'deadLetter' in event;

/** Returns every dead letter that may hold a delivery. */
export const deadLettersOf = (
  delivery: Pick<Delivery, 'id' | 'eventId' | 'attemptEvents'>,
): readonly DeadLetterRef[] =>
  chainsOf(delivery).map((chain) => ({
    kind: 'delivery',
    eventId: delivery.eventId,
    deliveryId: delivery.id,
    chain,
  }));

/**
 * Marks dead letters whose delivery has succeeded in another chain or a fork. The projection of attempts marks them
 * too: each of the two writes first and then reads the other, so at least one of them sees both.
 */
export const markRecovered = async (
  { deadLetters, deliveries }: Pick<DeadLetterProjection, 'deadLetters' | 'deliveries'>,
  refs: readonly DeadLetterRef[],
): Promise<ReadonlySet<string>> => {
  const ofDeliveries = refs.flatMap((ref) => (ref.kind === 'delivery' ? [ref] : []));
  if (ofDeliveries.length === 0) return new Set();
  const names = ofDeliveries.map(({ deliveryId, eventId }) => ({ id: deliveryId, eventId }));
  const known = await deliveries.read(names);
  const recovered = ofDeliveries.filter(
    ({ deliveryId }) => known.get(deliveryId)?.delivery.status === 'delivered',
  );
  await deadLetters.markDelivered(recovered);
  return new Set(recovered.map(deadLetterKey));
};

/**
 * Writes a batch of records to the read model; returns the new dead letters. Idempotent: the whole batch may be
 * repeated. Of two records of one dead letter, the first is kept.
 */
export const handleDeadLetterRecorded = async (
  { deadLetters, deliveries, ownerOf }: DeadLetterProjection,
  events: readonly DeadLetterEvent[],
): Promise<readonly DeadLetter[]> => {
  const recorded = new Map<string, Recorded>();
  for (const event of events) {
    if (!isDeadLetter(event)) continue;
    const key = deadLetterKey(deadLetterRefOf(event.deadLetter));
    if (!recorded.has(key)) recorded.set(key, event);
  }
  const fresh = await deadLetters.insert(
    [...recorded.values()].map((one) => ({
      deadLetter: deadLetterOf(one, ownerOf),
      content: contentOf(one),
    })),
  );
  await markRecovered(
    { deadLetters, deliveries },
    [...recorded.values()].map(({ deadLetter }) => deadLetterRefOf(deadLetter)),
  );
  await deadLetters.settleFrom(events.flatMap((event) => (isDeadLetter(event) ? [] : [event])));
  return fresh;
};
