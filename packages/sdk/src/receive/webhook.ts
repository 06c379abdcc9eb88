import type { VerifyFailure, VerifyResult } from '@tidings/signing/web';
import type { AnyEvents, TypeOf } from '../event-map.ts';

/**
 * The body of a delivery in the standard format. `data` is the producer's data. With a map of events it is a union: a
 * comparison of `type` selects the type of `data`.
 */
export type WebhookEvent<Events extends object = AnyEvents> = {
  [Type in TypeOf<Events>]: Readonly<{
    id: string;
    type: Type;
    timestamp: string;
    workspace_id: string;
    data: Events[Type];
  }>;
}[TypeOf<Events>];

/**
 * A verified delivery. `id` is the same on every attempt and every duplicate, `sentAt` is the time of this attempt,
 * `body` are the raw bytes.
 */
export type Webhook<Events extends object = AnyEvents> = Readonly<{
  id: string;
  sentAt: Date;
  event: WebhookEvent<Events>;
  body: Uint8Array;
}>;

/** The reason why a delivery is refused: not from Tidings, not fresh, or not JSON. */
export type RefusalReason = VerifyFailure | 'not-json';

/** A trusted delivery, or the reason why it is refused. */
export type VerifiedWebhook<Events extends object = AnyEvents> =
  | (Webhook<Events> & Readonly<{ ok: true }>)
  | Readonly<{ ok: false; reason: RefusalReason }>;

/** Returns the delivery of a verified body, or the reason not-json. */
export function verifiedWebhook<Events extends object>(
  result: VerifyResult,
  body: Uint8Array,
): VerifiedWebhook<Events> {
  if (!result.ok) return result;
  try {
    const event = JSON.parse(new TextDecoder().decode(body)) as WebhookEvent<Events>;
    return { ok: true, id: result.id, sentAt: new Date(result.timestampSeconds * 1000), event, body };
  } catch {
    // The signature is valid, so the sender sent a body that is not JSON: returned as a reason, not thrown.
    return { ok: false, reason: 'not-json' };
  }
}

const verified = new WeakMap<object, Webhook>();

/** Keeps the delivery of a request, for {@link webhookOf}. */
export function keepWebhook(request: object, webhook: Webhook): void {
  verified.set(request, webhook);
}

/**
 * Returns the delivery that a middleware has verified: of the request of express, connect, node:http and fastify, of the
 * context of hono. Throws if none has run for it.
 */
export function webhookOf<Events extends object = AnyEvents>(request: object): Webhook<Events> {
  const webhook = verified.get(request);
  if (webhook === undefined)
    throw new Error('no verified webhook: put the middleware of @tidings/sdk before this handler');
  return webhook as Webhook<Events>;
}
