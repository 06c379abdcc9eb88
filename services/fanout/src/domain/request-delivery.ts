import type { DeliveryId, DeliveryRequested, DeliveryState, EventAccepted } from '@tidings/contracts';
import { deriveDeliveryId } from '@tidings/contracts';
import type { IndexedSubscription } from './match-index.ts';

/** Input of a command. `acceptedAtMs` is the time when the event was written to the log. */
export type DeliveryOrigin = Readonly<{
  event: EventAccepted;
  subscription: IndexedSubscription;
  acceptedAtMs: number;
  /** The body, and what its form adds to the state. */
  content: Readonly<{ body: Buffer; state: Pick<DeliveryState, 'large' | 'cloudEvent'> }>;
  traceparent: string | null;
  /** Id and chain of a delivery that a replay requests, and whether commands of its older chains may still wait. */
  replay?: Readonly<{ deliveryId: DeliveryId; chain: number; supersedes: boolean }>;
}>;

/**
 * Builds the first command of a delivery. Its id is derived from event and
 * subscription, so a repeat is the same delivery.
 */
export const requestDelivery = ({
  event,
  subscription,
  acceptedAtMs,
  content,
  traceparent,
  replay,
}: DeliveryOrigin): DeliveryRequested => ({
  state: {
    type: 'DeliveryRequested.v1',
    deliveryId: replay?.deliveryId ?? deriveDeliveryId(event.id, subscription.id),
    eventId: event.id,
    eventType: event.eventType,
    workspaceId: event.workspaceId,
    consumerId: subscription.consumerId,
    subscriptionId: subscription.id,
    subscriptionVersion: subscription.version,
    orderingKey: event.orderingKey,
    format: subscription.format,
    chain: replay?.chain ?? 0,
    attempt: 1,
    position: 0,
    trigger: replay === undefined ? 'event' : 'replay',
    acceptedAtMs,
    firstAttemptAtMs: null,
    notBeforeMs: null,
    deferrals: 0,
    attempts: [],
    ...content.state,
    ...(event.consumerId !== null && subscription.consumerId === null && { addressedTo: event.consumerId }),
    ...(replay?.supersedes === true && { supersedes: true }),
  },
  body: content.body,
  traceparent,
});
