import { deriveDeliveryId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import {
  bodyRenderer,
  lowerCaseHeaders,
  type Redaction,
  type RenderedEvent,
  redactionOf,
  requestHeaders,
  type SignedRequest,
  userAgent,
} from '@tidings/webhook-request';
import { unexpired } from './domain/signing-secrets.ts';
import type { Subscription } from './domain/subscription.ts';
import type { OutgoingRequest } from './ports.ts';
import type { SecretFactory } from './secret-factory.ts';

/** Content, recipient and time of a request to be signed. */
export type Unsigned = Readonly<{
  subscription: Subscription;
  event: RenderedEvent;
  atMs: number;
  traceparent: string;
}>;

function openSecrets(
  secretFactory: SecretFactory,
  { id, workspaceId }: Subscription,
  secrets: Subscription['secrets'],
): string[] {
  return secrets.map(({ sealed }) => secretFactory.open(sealed, { workspaceId, subscriptionId: id }));
}

type Header = readonly [name: string, value: string];

function secretHeadersOf(
  secretFactory: SecretFactory,
  { id, workspaceId, settings }: Subscription,
): readonly Header[] {
  const owner = { workspaceId, subscriptionId: id };
  return settings.secretHeaders.map((header) => [header.name, secretFactory.openHeader(owner, header)]);
}

/** Returns the headers besides the public ones: opened credentials, and the origin that the endpoint consented to. */
function otherHeaders({ settings }: Subscription, secretHeaders: readonly Header[]): Record<string, string> {
  const headers = lowerCaseHeaders(secretHeaders);
  if (settings.requestOrigin !== null) headers['webhook-request-origin'] = settings.requestOrigin;
  return headers;
}

/** Returns all headers that the owner configured, with names in lower case, for a request that is not a delivery. */
export function ownHeaders(secretFactory: SecretFactory, subscription: Subscription): Record<string, string> {
  const headers = lowerCaseHeaders(Object.entries(subscription.settings.headers));
  const others = otherHeaders(subscription, secretHeadersOf(secretFactory, subscription));
  return { ...headers, ...others, 'user-agent': userAgent };
}

/** A signed request, and the redaction of what is recorded of it. */
export type Signed = Readonly<{ request: OutgoingRequest; redaction: Redaction }>;

/** Returns the request as the delivery service builds it: the same body, headers and signatures, by the same code. */
export function signRequest(secretFactory: SecretFactory, unsigned: Unsigned): Signed {
  const { subscription, event, atMs, traceparent } = unsigned;
  const { settings } = subscription;
  const { format } = settings;
  const secrets = openSecrets(secretFactory, subscription, unexpired(subscription.secrets, atMs));
  const secretHeaders = secretHeadersOf(secretFactory, subscription);
  const [newest] = secrets;
  if (newest === undefined)
    throw new AppError({ code: 'internal', message: 'a subscription without a secret' });
  const body = bodyRenderer(event, atMs)(format);
  const state: SignedRequest['state'] = {
    deliveryId: deriveDeliveryId(event.id, subscription.id),
    eventId: event.id,
    eventType: event.eventType,
    workspaceId: event.workspaceId,
    chain: 0,
    trigger: 'test',
    format,
    cloudEvent: { source: event.source, time: event.time },
  };
  const headers = requestHeaders({
    state,
    ownHeaders: settings.headers,
    body,
    keys: {
      secrets,
      plainSecret: settings.signatureStyle === 'plain' ? newest : null,
      headers: otherHeaders(subscription, secretHeaders),
    },
    nowMs: atMs,
    traceparent,
  });
  // An endpoint may still have a secret that has expired.
  const allSecrets = openSecrets(secretFactory, subscription, subscription.secrets);
  const redaction = redactionOf({ secrets: allSecrets, secretHeaders, headers: settings.headers });
  const request = { url: settings.endpointUrl, headers, body, timeoutMs: settings.timeoutMs };
  if (settings.tls === null) return { request, redaction };
  const owner = { workspaceId: subscription.workspaceId, subscriptionId: subscription.id };
  return { request: { ...request, tls: secretFactory.openTls(settings.tls.sealed, owner) }, redaction };
}
