import { type AttemptEnd, type AttemptRecorded, deriveDeliveryId, type EventId } from '@tidings/contracts';
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

/** An attempt event without its result. */
type StartedTest = Omit<AttemptRecorded, 'durationMs' | 'outcome' | 'exchange'>;

/** Returns the part of a test's attempt event that is known before its request: one attempt, with no follow-up. */
export const testAttempt = ({ subscription, eventId, atMs }: PreparedTest): StartedTest => ({
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
  acceptedAtMs: atMs,
  next: { kind: 'none' },
});

/** The result of a test's request. */
type TestResult = Readonly<{ outcome: AttemptEnd; exchange: string; totalMs: number }>;

/** Returns the attempt event of a test. */
export const testAttemptEvent = (
  started: StartedTest,
  { outcome, exchange, totalMs }: TestResult,
): AttemptRecorded & Readonly<{ outcome: AttemptEnd; exchange: string }> => ({
  ...started,
  durationMs: Math.round(totalMs),
  outcome,
  exchange,
});
