import { randomUUID } from 'node:crypto';
import { generateSecret, signHeaders } from '@tidings/signing';
import type { BatchResult, Published, TidingsClient } from './create-client.ts';
import { batchJson, type EventInput, eventJson } from './event-input.ts';
import { checkPublishOptions, type PublishOptions } from './publish-options.ts';
import type { WebhookEvent } from './verify-webhook.ts';

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

/** A client that publishes nothing and records every event. */
export type FakeClient = TidingsClient &
  Readonly<{ published: readonly Readonly<{ event: EventInput; options: PublishOptions }>[] }>;

/**
 * Creates a client for the tests of your producer. It accepts every event and lists it in `published`; it throws the
 * same TypeErrors as the real client.
 */
export function fakeClient(): FakeClient {
  const published: { event: EventInput; options: PublishOptions }[] = [];
  const accept = (event: EventInput, options: PublishOptions): Published => {
    published.push({ event, options });
    return { id: `evt_${randomUUID()}`, type: event.type, acceptedAt: new Date() };
  };
  return {
    published,
    publish: async (event, options = {}) => {
      checkPublishOptions(options);
      eventJson(event);
      return accept(event, options);
    },
    publishBatch: async (events, options = {}) => {
      checkPublishOptions(options);
      batchJson(events);
      return events.map((event): BatchResult => ({ ok: true, ...accept(event, options) }));
    },
  };
}
