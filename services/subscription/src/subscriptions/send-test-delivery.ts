import { type EventId, encodeAttempt, type SubscriptionId, topics } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import { recordExchange } from '@tidings/webhook-request';
import type { DocumentStore, Scope } from '../registry/ports.ts';
import type { Subscription } from './domain/subscription.ts';
import {
  type PreparedTest,
  testAttempt,
  testAttemptEvent,
  testEvent,
} from './domain/test-delivery-events.ts';
import { runInteractiveRequest } from './interactive-requests.ts';
import type { SendRequest } from './ports.ts';
import { readSubscription } from './read-subscriptions.ts';
import type { SecretFactory } from './secret-factory.ts';
import { signRequest } from './sign-request.ts';
import { subscriptionKind } from './subscription-kind.ts';

const recordDeadlineMs = 1_000;

/** Dependencies of {@link sendTestDelivery}. */
export type TestParts = Readonly<{
  store: Pick<DocumentStore<Subscription>, 'find'>;
  secretFactory: SecretFactory;
  send: SendRequest;
  producer: Pick<Producer, 'publish'>;
  clock: Clock;
  logger: Logger;
}>;

/**
 * The subscription to test, and the caller's scope. `eventId` is reserved by the caller; the request carries
 * `traceparent`.
 */
export type TestTarget = Readonly<{
  scope: Scope;
  id: SubscriptionId;
  eventId: EventId;
  traceparent: string;
}>;

/** Result of a test. `recorded`: the attempt will appear in the history. `requestBody`: what was sent. */
export type Tested = Readonly<{
  requestBody: string;
  attemptEvent: ReturnType<typeof testAttemptEvent>;
  recorded: boolean;
}>;

/**
 * Sends one `webhook.test`, signed and guarded like any delivery, records the attempt, and returns its result. A
 * disabled subscription can be tested too, so that its owner can decide whether to enable it.
 */
export async function sendTestDelivery(parts: TestParts, target: TestTarget): Promise<Tested> {
  const subscription = await readSubscription(parts.store, target.scope, target.id);
  return runInteractiveRequest(async () => sendOne(parts, subscription, target));
}

async function sendOne(
  parts: TestParts,
  subscription: Subscription,
  { eventId, traceparent }: TestTarget,
): Promise<Tested> {
  const { secretFactory, send, clock, logger } = parts;
  const atMs = clock.nowMs();
  const prepared: PreparedTest = { subscription, eventId, atMs };
  const event = testEvent(prepared);
  const { request, redaction } = signRequest(secretFactory, { subscription, event, atMs, traceparent });
  const sent = await send(request);
  const started = testAttempt(prepared);
  const exchange = recordExchange({ ...started, headers: request.headers }, sent, {
    redaction,
    rule: 'every-body',
  });
  const attemptEvent = testAttemptEvent(started, { ...exchange, totalMs: sent.timings.totalMs });
  const recorded = await record(parts, attemptEvent, traceparent);
  const { outcome, deliveryId, durationMs } = attemptEvent;
  const reason = outcome.kind === 'failed' ? outcome.reason : null;
  const detail = sent.kind === 'failed' ? { detail: sent.detail } : {};
  const fields = {
    ...subscriptionKind.logFields(subscription),
    deliveryId,
    durationMs,
    statusCode: outcome.statusCode,
    reason,
  };
  logger.info({ ...fields, recorded, ...detail }, 'subscription.tested');
  return { attemptEvent, recorded, requestBody: request.body.toString() };
}

// The result is returned even when the attempt could not be recorded.
async function record(
  { producer, logger }: TestParts,
  attemptEvent: Tested['attemptEvent'],
  traceparent: string,
): Promise<boolean> {
  try {
    const wire = encodeAttempt(attemptEvent, traceparent);
    await producer.publish({ topic: topics.attempts, ...wire }, { deadlineMs: recordDeadlineMs });
    return true;
  } catch (error) {
    logger.warn({ deliveryId: attemptEvent.deliveryId, detail: messageOf(error) }, 'test.not-recorded');
    return false;
  }
}
