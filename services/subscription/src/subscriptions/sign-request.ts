import { type BodyFormat, deriveDeliveryId, type EventId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { signHeaders, signPlain } from '@tidings/signing';
import { unexpired } from './domain/signing-secrets.ts';
import type { Subscription } from './domain/subscription.ts';
import type { SecretMint } from './mint-secret.ts';
import type { OutgoingRequest } from './ports.ts';

const userAgent = 'Tidings/0.1.0';

const contentTypes: Readonly<Record<BodyFormat, string>> = {
  standard: 'application/json',
  plain: 'application/json',
  cloudevents: 'application/cloudevents+json',
};

/** What is signed, for whom and when. */
export type Unsigned = Readonly<{
  subscription: Subscription;
  eventId: EventId;
  eventType: string;
  body: Buffer;
  atMs: number;
  traceparent: string;
}>;

function secretsOf(mint: SecretMint, { id, workspaceId, secrets }: Subscription, nowMs: number): string[] {
  return unexpired(secrets, nowMs).map(({ sealed }) =>
    mint.open(sealed, { workspaceId, subscriptionId: id }),
  );
}

/** The request as delivery would make it: the subscription's own headers, ours over them, every secret that still signs. */
export function signRequest(mint: SecretMint, unsigned: Unsigned): OutgoingRequest {
  const { subscription, eventId, eventType, body, atMs, traceparent } = unsigned;
  const { settings } = subscription;
  const secrets = secretsOf(mint, subscription, atMs);
  const [newest] = secrets;
  if (newest === undefined)
    throw new AppError({ code: 'internal', message: 'a subscription without a secret' });
  const id = deriveDeliveryId(eventId, subscription.id);
  const timestampSeconds = Math.floor(atMs / 1_000);
  const own = Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const plain = {
    'x-webhook-id': id,
    'x-webhook-timestamp': String(timestampSeconds),
    'x-webhook-signature': signPlain({ body, secret: newest }),
  };
  return {
    url: settings.endpointUrl,
    headers: {
      ...(Object.fromEntries(own) as Record<string, string>),
      'content-type': contentTypes[settings.format],
      'user-agent': userAgent,
      ...signHeaders({ id, timestampSeconds, body, secrets }),
      'x-webhook-event': eventType,
      traceparent,
      ...(settings.signatureStyle === 'plain' ? plain : {}),
    },
    body,
    timeoutMs: settings.timeoutMs,
  };
}
