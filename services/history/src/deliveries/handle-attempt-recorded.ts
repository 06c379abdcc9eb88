import type { AttemptRecorded, DeliveryId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { type Delivery, deliveryOf, hasRecovered } from './domain/delivery.ts';
import { mergeDeliveries } from './domain/merge-deliveries.ts';
import { replayEndsOf } from './domain/replay-outcomes.ts';
import type { DeliveryStore, StoredDelivery } from './ports.ts';

/**
 * The result of writing a batch: for metrics, and for tests of replays. `recovered` lists deliveries that were in
 * dead-letters and are known to have succeeded, `replayed` those of which a replay has ended, as they are stored.
 */
export type Projected = Readonly<{
  inserted: number;
  updated: number;
  unchanged: number;
  recovered: readonly Delivery[];
  replayed: readonly Delivery[];
}>;

// Only another instance that still writes a revoked partition can win a conflict, and it writes each record once.
const maxRounds = 10;

const fold = (records: readonly AttemptRecorded[]): Map<DeliveryId, Delivery> => {
  const deliveries = new Map<DeliveryId, Delivery>();
  for (const record of records) {
    const more = deliveryOf(record);
    const known = deliveries.get(record.deliveryId);
    deliveries.set(record.deliveryId, known === undefined ? more : mergeDeliveries(known, more));
  }
  return deliveries;
};

const beginsHere = ({ attemptEvents }: Delivery): boolean =>
  attemptEvents[0]?.chain === 0 && attemptEvents[0].attempt === 1;

const mergeInto = (
  stored: ReadonlyMap<DeliveryId, StoredDelivery>,
  waiting: ReadonlyMap<DeliveryId, Delivery>,
): { missing: Delivery[]; changes: StoredDelivery[]; merged: Delivery[] } => {
  const missing: Delivery[] = [];
  const changes: StoredDelivery[] = [];
  const all: Delivery[] = [];
  for (const more of waiting.values()) {
    const known = stored.get(more.id);
    if (known === undefined) missing.push(more);
    else {
      const merged = mergeDeliveries(known.delivery, more);
      all.push(merged);
      if (merged !== known.delivery) changes.push({ delivery: merged, rev: known.rev });
    }
  }
  return { missing, changes, merged: all };
};

const only = (deliveries: ReadonlyMap<DeliveryId, Delivery>, ids: Iterable<DeliveryId>) => {
  const picked = new Map<DeliveryId, Delivery>();
  for (const id of ids) {
    const delivery = deliveries.get(id);
    if (delivery !== undefined) picked.set(id, delivery);
  }
  return picked;
};

/**
 * Writes a batch of records to the read model. Idempotent: the whole batch may be repeated, in part or in another
 * order. The first events of a delivery are inserted without a read, because nearly all deliveries succeed at once; the
 * others are read, merged and written back on condition of their `rev`.
 */
export const handleAttemptRecorded = async (
  store: DeliveryStore,
  records: readonly AttemptRecorded[],
): Promise<Projected> => {
  const deliveries = fold(records);
  const fresh = [...deliveries.values()].filter(beginsHere);
  const known = fresh.length === 0 ? new Set<DeliveryId>() : await store.insert(fresh);
  let inserted = fresh.length - known.size;
  let updated = 0;
  const recovered = fresh.filter(hasRecovered);
  const later = [...deliveries.values()].filter((delivery) => !beginsHere(delivery)).map(({ id }) => id);
  let waiting = only(deliveries, [...known, ...later]);
  // By delivery, so that the last state counts.
  const replayed = new Map(fresh.filter(({ id }) => !known.has(id)).map((one) => [one.id, one]));
  const unchanged = () => deliveries.size - inserted - updated;
  for (let round = 0; round < maxRounds; round += 1) {
    if (waiting.size === 0) {
      const ended = [...replayed.values()].filter((one) => replayEndsOf(one).length > 0);
      return { inserted, updated, unchanged: unchanged(), recovered, replayed: ended };
    }
    const { missing, changes, merged } = mergeInto(await store.read([...waiting.values()]), waiting);
    const lost = missing.length === 0 ? new Set<DeliveryId>() : await store.insert(missing);
    inserted += missing.length - lost.size;
    // Includes deliveries that were known already: the batch may be a repetition.
    recovered.push(...[...merged, ...missing].filter(hasRecovered));
    for (const one of [...merged, ...missing]) if (!lost.has(one.id)) replayed.set(one.id, one);
    const written = changes.length === 0 ? 0 : await store.replace(changes);
    updated += written;
    // The store does not report which change lost; reading all of them again determines it.
    const again = written === changes.length ? [] : changes.map(({ delivery }) => delivery.id);
    waiting = only(deliveries, [...lost, ...again]);
  }
  throw new AppError({
    code: 'conflict',
    message: `${waiting.size} deliveries were changed by another instance in each of ${maxRounds} rounds`,
    retryable: true,
  });
};
