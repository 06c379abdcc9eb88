import type { EventId, SubscriptionId } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { RecordAttempt, SendRequest } from '../endpoint-health/ports.ts';
import type { DocumentStore, Scope } from '../registry/ports.ts';
import type { Subscription } from './domain/subscription.ts';
import { type PreparedTest, type SendOutcome, testAttemptEvent, testEvent } from './domain/test-attempt.ts';
import { readSubscription } from './read-subscriptions.ts';
import type { SecretFactory } from './secret-factory.ts';
import { signRequest } from './sign-request.ts';
import { subscriptionKind } from './subscription-kind.ts';
import { inTestSlot } from './test-slots.ts';

/** What a test works with. */
export type TestParts = Readonly<{
  store: Pick<DocumentStore<Subscription>, 'find'>;
  secretFactory: SecretFactory;
  send: SendRequest;
  recordAttempt: RecordAttempt;
  clock: Clock;
  logger: Logger;
}>;

/** Whom to test, for whom. `eventId` is reserved by the caller; `traceparent` goes with the request. */
export type TestTarget = Readonly<{
  scope: Scope;
  id: SubscriptionId;
  eventId: EventId;
  traceparent: string;
}>;

/** What came of a test. `recorded`: the attempt will appear in the history. */
export type Tested = Readonly<{
  attemptEvent: ReturnType<typeof testAttemptEvent>;
  responseBody: string | null;
  recorded: boolean;
}>;

/**
 * Sends one `webhook.test` now, signed and guarded like any delivery, records the attempt, and tells what came of it. A
 * disabled subscription can be tested too: that is how its owner finds out whether to enable it.
 */
export async function sendTest(parts: TestParts, target: TestTarget): Promise<Tested> {
  const subscription = await readSubscription(parts.store, target.scope, target.id);
  return inTestSlot(async () => sendOne(parts, subscription, target));
}

async function sendOne(
  parts: TestParts,
  subscription: Subscription,
  { eventId, traceparent }: TestTarget,
): Promise<Tested> {
  const { secretFactory, send, clock, logger } = parts;
  const atMs = clock.nowMs();
  const prepared: PreparedTest = { subscription, eventId, atMs };
  const sent = await send(
    signRequest(secretFactory, { subscription, event: testEvent(prepared), atMs, traceparent }),
  );
  const attemptEvent = testAttemptEvent(prepared, sent);
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
  return { attemptEvent, responseBody: bodyOf(sent), recorded };
}

const bodyOf = (sent: SendOutcome): string | null =>
  sent.kind === 'response' && sent.body.length > 0 ? sent.body.toString('utf8') : null;

// The answer is worth having whether or not it could be noted.
async function record(
  { recordAttempt, logger }: TestParts,
  attemptEvent: Tested['attemptEvent'],
  traceparent: string,
): Promise<boolean> {
  try {
    await recordAttempt(attemptEvent, traceparent);
    return true;
  } catch (error) {
    logger.warn({ deliveryId: attemptEvent.deliveryId, detail: messageOf(error) }, 'test.not-recorded');
    return false;
  }
}
