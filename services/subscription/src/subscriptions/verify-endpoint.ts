import { type CompletedRequest, newEventId } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, refused } from '@tidings/runtime';
import { consentQuestion, questionHeaders, readConsent, underConsent } from './domain/endpoint-consent.ts';
import type { Settings } from './domain/settings.ts';
import type { Subscription } from './domain/subscription.ts';
import { testEvent } from './domain/test-delivery-events.ts';
import { runInteractiveRequest } from './interactive-requests.ts';
import type { OutgoingRequest, SendRequest } from './ports.ts';
import type { SecretFactory } from './secret-factory.ts';
import { ownHeaders, signRequest } from './sign-request.ts';
import { subscriptionKind } from './subscription-kind.ts';

/** Dependencies of {@link verifyEndpoint}. `requestOrigin`: the name of this installation in requests for consent. */
export type VerifyParts = Readonly<{
  secretFactory: SecretFactory;
  send: SendRequest;
  clock: Clock;
  logger: Logger;
  requestOrigin: string;
}>;

/** The version that is about to be written, and the trace that its request continues. */
export type Verifying = Readonly<{ subscription: Subscription; traceparent: string }>;

// The API caller waits for the response.
const maxWaitMs = 10_000;

/**
 * Verifies the endpoint of a version as its settings require, before the version is written. Returns the settings to
 * write, with the consent that was given. Throws AppError `unprocessable` with the reason, never with an address.
 */
export async function verifyEndpoint(parts: VerifyParts, verifying: Verifying): Promise<Settings> {
  const { settings } = verifying.subscription;
  switch (settings.verify) {
    case 'none':
      return { ...settings, requestOrigin: null };
    case 'ping':
      await ping(parts, verifying);
      return { ...settings, requestOrigin: null };
    case 'challenge':
      return challenge(parts, verifying);
  }
}

const failed = (detail: string): Error => refused([{ pointer: '/endpoint_url', detail }]);

async function ping(parts: VerifyParts, { subscription, traceparent }: Verifying): Promise<void> {
  const atMs = parts.clock.nowMs();
  const event = testEvent({ subscription, eventId: newEventId(atMs), atMs });
  const { request } = signRequest(parts.secretFactory, { subscription, event, atMs, traceparent });
  await requestEndpoint(parts, subscription, request);
}

async function challenge(parts: VerifyParts, { subscription, traceparent }: Verifying): Promise<Settings> {
  const { settings } = subscription;
  const question = consentQuestion(settings, parts.requestOrigin);
  const { headers } = await requestEndpoint(parts, subscription, {
    method: 'OPTIONS',
    url: settings.endpointUrl,
    headers: { ...ownHeaders(parts.secretFactory, subscription), ...questionHeaders(question), traceparent },
    body: Buffer.alloc(0),
    timeoutMs: settings.timeoutMs,
  });
  const consent = readConsent(headers, question);
  if (!consent.isGiven) throw failed(`responded to the challenge ${consent.detail}`);
  return underConsent(settings, parts.requestOrigin, consent);
}

async function requestEndpoint(
  { send, logger }: VerifyParts,
  subscription: Subscription,
  request: OutgoingRequest,
): Promise<Extract<CompletedRequest, { kind: 'response' }>> {
  const { verify, timeoutMs } = subscription.settings;
  const sent = await runInteractiveRequest(async () =>
    send({ ...request, timeoutMs: Math.min(timeoutMs, maxWaitMs) }),
  );
  const fields = {
    ...subscriptionKind.logFields(subscription),
    verify,
    durationMs: Math.round(sent.timings.totalMs),
  };
  if (sent.kind === 'failed') {
    logger.info({ ...fields, reason: sent.reason, detail: sent.detail }, 'endpoint.verified');
    if (sent.status === null) throw failed(`did not respond to the ${verify}: ${sent.reason}`);
    throw failed(`responded to the ${verify} with status ${sent.status} and then failed: ${sent.reason}`);
  }
  logger.info({ ...fields, statusCode: sent.status }, 'endpoint.verified');
  if (sent.status >= 200 && sent.status < 300) return sent;
  throw failed(`responded to the ${verify} with status ${sent.status}, not 2xx`);
}
