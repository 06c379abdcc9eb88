import type { AttemptRecorded } from '@tidings/contracts';
import { deadLettersOf } from '../dead-letters/handle-dead-letter-recorded.ts';
import type { DeadLetterStore } from '../dead-letters/ports.ts';
import { handleAttemptRecorded, type Projected } from './handle-attempt-recorded.ts';
import type { DeliveryStore } from './ports.ts';

/** The stores of deliveries and of the dead letters that a success settles. */
export type DeliveryStores = Readonly<{
  deliveries: DeliveryStore;
  deadLetters: Pick<DeadLetterStore, 'markDelivered'>;
}>;

/** Writes a batch of attempts to their deliveries, and marks the dead letters of those that have succeeded. */
export const projectAttempts = async (
  { deliveries, deadLetters }: DeliveryStores,
  records: readonly AttemptRecorded[],
): Promise<Projected> => {
  const projected = await handleAttemptRecorded(deliveries, records);
  if (projected.replayed.length > 0) await deliveries.putReplayEnds(projected.replayed);
  await deadLetters.markDelivered(projected.recovered.flatMap(deadLettersOf));
  return projected;
};
