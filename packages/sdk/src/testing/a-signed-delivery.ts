import { randomUUID } from 'node:crypto';
import { generateSecret, signHeaders } from '@tidings/signing';
import type { WebhookEvent } from '../receive/webhook.ts';

/** Options of a fake delivery; all have defaults. */
export type FakeDelivery = Readonly<{
  secret?: string;
  id?: string;
  timestampSeconds?: number;
  event?: Partial<WebhookEvent>;
  /** The exact bytes of the body, instead of `event`. */
  body?: Buffer;
}>;

/** A delivery as received over HTTP, and the secret that verifies it. */
export type SignedDelivery = Readonly<{ secret: string; headers: Record<string, string>; body: Buffer }>;

/**
 * Returns a signed delivery for the tests of your receiver: `fetch(url, { method: 'POST', headers, body })`. The
 * signature is real: verification fails after any change of a byte.
 */
export function aSignedDelivery(given: FakeDelivery = {}): SignedDelivery {
  const secret = given.secret ?? generateSecret();
  const timestampSeconds = given.timestampSeconds ?? Math.floor(Date.now() / 1000);
  const event: WebhookEvent = {
    id: `evt_${randomUUID()}`,
    type: 'demo.created',
    timestamp: new Date(timestampSeconds * 1000).toISOString(),
    workspace_id: 'ws_test',
    data: { hello: 'world' },
    ...given.event,
  };
  const body = given.body ?? Buffer.from(JSON.stringify(event));
  const id = given.id ?? `dlv_${randomUUID()}`;
  const signed = signHeaders({ id, timestampSeconds, body, secrets: [secret] });
  return { secret, body, headers: { 'content-type': 'application/json', ...signed } };
}
