import type { DeliveryId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { DeadLetter } from '../dead-letters/domain/dead-letter.ts';
import type { KnownSubscription, KnownSubscriptions } from '../dead-letters/ports.ts';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { isTest, waitingChainsOf } from './domain/chains.ts';

// What has no result by then is not in flight: it waits for its endpoint, or behind others.
const inFlightMs = 60_000;

/** Returns the error of a retry that is not possible now. */
export const refuse = (message: string, retryAfterMs?: number): AppError =>
  new AppError({ code: 'conflict', message, ...(retryAfterMs !== undefined && { retryAfterMs }) });

/** Returns the error of a retry whose body is erased. */
export const refuseErased = ({ id }: Pick<Delivery, 'id'>): AppError =>
  new AppError({
    code: 'unprocessable',
    message: `The data of delivery '${id}' is erased: there is nothing left to send.`,
  });

export const timeOf = (ms: number): string => new Date(ms).toISOString();

/** Returns the subscription of a delivery if it receives. Throws AppError `conflict` otherwise. */
export const receivingSubscriptionOf = (
  subscriptions: KnownSubscriptions,
  { subscriptionId }: Pick<Delivery, 'subscriptionId'>,
): KnownSubscription => {
  const known = subscriptions.get(subscriptionId);
  switch (known?.state) {
    case undefined:
      throw refuse(`Subscription '${subscriptionId}' is unknown: it was deleted, or is not known here yet.`);
    case 'deleted':
      throw refuse(`Subscription '${subscriptionId}' was deleted: nothing can be sent to it.`);
    case 'disabled':
      throw refuse(
        `Subscription '${subscriptionId}' is disabled: enable it, which also redrives its waiting dead letters.`,
      );
    case 'active':
      return known;
  }
};

/** Refuses a delivery of a test, whose event is not in the log. */
export const refuseTest = (delivery: Delivery): void => {
  if (isTest(delivery)) throw refuse('The delivery is a test: send another test instead of a retry.');
};

const refuseIfRecent = (id: DeliveryId, what: string, ageMs: number): void => {
  if (ageMs < 0 || ageMs >= inFlightMs) return;
  throw refuse(
    `Delivery '${id}' is in flight: ${what}. Read it again for the result, and retry it then.`,
    inFlightMs - ageMs,
  );
};

/** An earlier retry or redrive that has no result yet. */
export type PendingRetry = Readonly<{ chain: number; atMs: number; what: string }>;

/** Refuses a delivery that a job holds, or that is being sent now. */
export const refuseInFlight = (
  delivery: Delivery,
  {
    deadLetters,
    pending,
    nowMs,
  }: Readonly<{ deadLetters: readonly DeadLetter[]; pending: PendingRetry | null; nowMs: number }>,
): void => {
  const held = deadLetters.find(({ state }) => state === 'redriving');
  if (held !== undefined)
    throw refuse(`Job '${held.taken?.jobId}' is about to redrive the delivery: wait for its end.`);
  if (pending !== null) refuseIfRecent(delivery.id, pending.what, nowMs - pending.atMs);
  for (const { chain, dueAtMs } of waitingChainsOf(delivery)) {
    const what = `its next attempt (chain ${chain}) was due at ${timeOf(dueAtMs)}`;
    refuseIfRecent(delivery.id, what, nowMs - dueAtMs);
  }
};

/**
 * Refuses a delivery that waits behind another one of its ordered queue. Only the head of a queue is ever attempted: a
 * delivery that was attempted is the head.
 */
export const refuseBehindHead = async (
  deliveries: Pick<DeliveryStore, 'list'>,
  delivery: Delivery,
  { ordering }: Pick<KnownSubscription, 'ordering'>,
): Promise<void> => {
  const { workspaceId, subscriptionId, orderingKey } = delivery;
  // Of a delivery of earlier releases the key is not known, and delivery keeps its place in any case.
  if (delivery.status !== 'pending' || (ordering === 'key' && orderingKey === null)) return;
  const queue = {
    ...{ workspaceId, subscriptionId, ownerId: null },
    ...(ordering === 'key' && orderingKey !== null && { orderingKey }),
  };
  const page = { limit: 1, after: null };
  const [head] = await deliveries.list({ ...queue, status: 'retrying' }, page);
  const older = { ...queue, status: 'pending', createdBeforeMs: delivery.createdAtMs } as const;
  const [ahead = head] = head === undefined ? await deliveries.list(older, page) : [];
  if (ahead === undefined) return;
  const place = head === undefined ? 'which is ahead of it' : 'the head';
  throw refuse(
    `Delivery '${delivery.id}' waits in an ordered queue behind '${ahead.id}', ${place}: retry that one.`,
  );
};
