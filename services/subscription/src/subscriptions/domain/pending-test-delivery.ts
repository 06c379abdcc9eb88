import { type DeliveryState, deriveDeliveryId, deriveEventId } from '@tidings/contracts';
import type { Subscription } from './subscription.ts';
import { testEvent } from './test-delivery-events.ts';

const source = '/tidings/created';
const createdVersion = 1;

/**
 * Returns the event and the command that send `webhook.test` to a new subscription. Both are deterministic, so that a
 * repeat after a crash is the same delivery.
 */
export function pendingTestDelivery(subscription: Subscription) {
  const { id, workspaceId, consumerId, createdAtMs: atMs, settings } = subscription;
  const eventId = deriveEventId({ workspaceId, source, callerId: `${id}/${createdVersion}` });
  const event = testEvent({ subscription, eventId, atMs });
  const { format } = settings;
  const state: DeliveryState = {
    type: 'DeliveryRequested.v1',
    deliveryId: deriveDeliveryId(eventId, id),
    eventId,
    eventType: event.eventType,
    workspaceId,
    consumerId,
    subscriptionId: id,
    subscriptionVersion: createdVersion,
    orderingKey: null,
    format,
    ...(format === 'cloudevents-binary' ? { cloudEvent: { source: event.source, time: event.time } } : {}),
    chain: 0,
    attempt: 1,
    position: 0,
    trigger: 'test',
    acceptedAtMs: atMs,
    firstAttemptAtMs: null,
    notBeforeMs: null,
    deferrals: 0,
    attempts: [],
  };
  return { state, event };
}
