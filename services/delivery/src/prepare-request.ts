import type { BodyFormat, DeliveryRequested, SubscriptionRecord } from '@tidings/contracts';
import { childTraceparent } from '@tidings/observability';
import { sign, signPlain } from '@tidings/signing';
import type { DeliveryRequest, SigningKeys } from './ports.ts';

const contentTypes: Readonly<Record<BodyFormat, string>> = {
  standard: 'application/json',
  plain: 'application/json',
  cloudevents: 'application/cloudevents+json',
};

// A record object stands for one version, so what follows from it alone is worked out once.
const ownHeaders = new WeakMap<SubscriptionRecord, Readonly<Record<string, string>>>();

const ownHeadersOf = (subscription: SubscriptionRecord): Readonly<Record<string, string>> => {
  const known = ownHeaders.get(subscription);
  if (known !== undefined) return known;
  const lowered: Record<string, string> = {};
  for (const [name, value] of Object.entries(subscription.headers)) lowered[name.toLowerCase()] = value;
  ownHeaders.set(subscription, lowered);
  return lowered;
};

type PrepareInput = Readonly<{
  command: DeliveryRequested;
  subscription: SubscriptionRecord;
  keys: SigningKeys;
  nowMs: number;
  userAgent: string;
}>;

/**
 * The request of one attempt. The id is the same on every attempt, time and signature are new, and the body is the
 * command's, byte for byte. Ours win over the subscription's own headers.
 */
export const prepareRequest = (input: PrepareInput): DeliveryRequest => {
  const { command, subscription, keys, nowMs, userAgent } = input;
  const { state, body } = command;
  const timestampSeconds = Math.floor(nowMs / 1_000);
  const id = state.deliveryId;
  const headers: Record<string, string> = {
    ...ownHeadersOf(subscription),
    'content-type': contentTypes[state.format],
    'user-agent': userAgent,
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': sign({ id, timestampSeconds, body, secrets: keys.secrets }),
    'x-webhook-event': state.eventType,
    traceparent: childTraceparent(command.traceparent ?? undefined),
  };
  if (keys.plainSecret !== null) {
    headers['x-webhook-id'] = id;
    headers['x-webhook-timestamp'] = String(timestampSeconds);
    headers['x-webhook-signature'] = signPlain({ body, secret: keys.plainSecret });
  }
  return { url: subscription.endpointUrl, headers, body, timeoutMs: subscription.timeoutMs };
};
