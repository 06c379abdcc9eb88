import type { SourceOptions } from '@tidings/inbound/tools';
import { signHeaders } from '@tidings/signing';
import { bodyRenderer, type RenderedEvent } from '@tidings/webhook-request/render-body';
import { signedHeaders } from '../triggers/prepare-webhook.ts';
import type { ReadEvent } from './read-event.ts';

/** One request to the local server. */
export type LocalRequest = Readonly<{ headers: Readonly<Record<string, string>>; body: Buffer }>;

/** Renders an event as a request, signed at this time. */
export type Render = (event: ReadEvent, data: Buffer, nowMs: number) => LocalRequest;

/** Renders events as a subscription of format `standard` gets them, signed with the secret. */
export const asDelivery =
  (secret: string): Render =>
  (event, data, nowMs) => {
    const body = bodyRenderer(
      { ...event, eventType: event.type, data } as unknown as RenderedEvent,
      nowMs,
    )('standard');
    return {
      headers: {
        'content-type': 'application/json',
        'user-agent': 'tidings-listen',
        // A delivery has an id of its own for each subscription: here there is none.
        ...signHeaders({
          id: event.id,
          timestampSeconds: Math.floor(nowMs / 1_000),
          body,
          secrets: [secret],
        }),
        'x-webhook-event': event.type,
      },
      body,
    };
  };

/** The signature that webhooks of a source get again; null for none. */
export type Resigning = Readonly<{
  provider: string;
  options: SourceOptions;
  secret: string;
  url: string;
}> | null;

/** Renders the events of a source as the webhooks that they were: body and headers as received, signed again if wanted. */
export const asReceived =
  (resigning: Resigning): Render =>
  (event, data, nowMs) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(event.receivedHeaders ?? {}))
      headers[name] = [value].flat().join(', ');
    const body = receivedBody(data);
    if (resigning === null) return { headers, body };
    const contentType = headers['content-type'] ?? 'application/json';
    const { public_url: _, ...options } = resigning.options;
    const id = headers['webhook-id'] ?? headers['svix-id'];
    const signature = signedHeaders({ headers, contentType, body }, { ...resigning, options, nowMs, id });
    return {
      headers: { ...headers, ...signature, 'user-agent': headers['user-agent'] ?? 'tidings-listen' },
      body,
    };
  };

/** Returns the bytes of a webhook: a source keeps what is no JSON as `{ content_type, form?, body_base64 }`. */
function receivedBody(data: Buffer): Buffer {
  const value: unknown = JSON.parse(data.toString('utf8'));
  if (typeof value !== 'object' || value === null) return data;
  const names = Object.keys(value).filter((name) => name !== 'form');
  const encoded: unknown = Reflect.get(value, 'body_base64');
  const isEnvelope = names.length === 2 && names.includes('content_type') && typeof encoded === 'string';
  return isEnvelope ? Buffer.from(encoded, 'base64') : data;
}
