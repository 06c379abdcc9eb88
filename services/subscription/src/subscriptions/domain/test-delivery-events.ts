import {
  type AttemptEnd,
  type AttemptRecorded,
  type CompletedRequest,
  deriveDeliveryId,
  type EventId,
  endOfRequest,
} from '@tidings/contracts';
import type { Subscription } from './subscription.ts';

/** The event type of a test. The name is reserved: publishers cannot use it. */
const testEventType = 'webhook.test';

/** A test that is about to be sent. */
export type PreparedTest = Readonly<{ subscription: Subscription; eventId: EventId; atMs: number }>;

const messageFor = ({ id }: Subscription): object => ({
  message: 'This is a test delivery.',
  subscription_id: id,
});

/** Returns the event of a test, from which bodies are rendered. */
export const testEvent = ({ subscription, eventId, atMs }: PreparedTest) => ({
  id: eventId,
  eventType: testEventType,
  time: new Date(atMs).toISOString(),
  source: '/tidings/test',
  workspaceId: subscription.workspaceId,
  data: Buffer.from(JSON.stringify(messageFor(subscription))),
});

/** Returns the attempt event of a test: one attempt, whatever its result, with no follow-up. */
export const testAttemptEvent = (
  { subscription, eventId, atMs }: PreparedTest,
  sent: CompletedRequest,
): AttemptRecorded & Readonly<{ outcome: AttemptEnd }> => ({
  type: 'AttemptRecorded.v1',
  deliveryId: deriveDeliveryId(eventId, subscription.id),
  eventId,
  eventType: testEventType,
  workspaceId: subscription.workspaceId,
  consumerId: subscription.consumerId,
  subscriptionId: subscription.id,
  subscriptionVersion: subscription.version,
  chain: 0,
  attempt: 1,
  trigger: 'test',
  atMs,
  durationMs: Math.round(sent.timings.totalMs),
  acceptedAtMs: atMs,
  outcome: endOfRequest(sent),
  next: { kind: 'none' },
});
