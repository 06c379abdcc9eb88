import { createHmac } from 'node:crypto';
import { checkBody } from './check-input.ts';
import { type PreparedSecret, prepareSecret, signEd25519 } from './prepared-secret.ts';
import { SigningError } from './signing-error.ts';

/** The signed content: the id, whole unix seconds, the body as sent, and every active secret, newest first. */
export type SignInput = Readonly<{
  id: string;
  timestampSeconds: number;
  body: Buffer;
  secrets: readonly (string | PreparedSecret)[];
}>;

/** The three headers of a Standard Webhooks request. */
export type WebhookHeaders = Readonly<{
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}>;

const maxTimestampSeconds = 999_999_999_999;

/**
 * Returns the value of `webhook-signature` (Standard Webhooks 1.0.0): one signature per secret, in their order, `v1,`
 * for `whsec_` secrets and `v1a,` for `whsk_` keys. Throws SigningError for an id with a dot, a timestamp that is not
 * whole seconds, an empty list of secrets, or an invalid secret, and TypeError for a body that is not bytes.
 */
export function sign(input: SignInput): string {
  const { secrets } = input;
  checkBody(input.body);
  const head = signedHead(input);
  if (secrets.length === 0) throw new SigningError('invalid-secret', 'there is no secret to sign with');
  return secrets.map((secret) => signature(secret, head, input.body)).join(' ');
}

/** Returns all three headers with the signature. */
export function signHeaders(input: SignInput): WebhookHeaders {
  return {
    'webhook-id': input.id,
    'webhook-timestamp': String(input.timestampSeconds),
    'webhook-signature': sign(input),
  };
}

// `{id}.{timestamp}.` before the body. A dot in the id would let two different requests have the same signed content.
function signedHead({ id, timestampSeconds }: SignInput): string {
  if (id === '' || id.includes('.')) {
    throw new SigningError('invalid-id', `a webhook id must not be empty or contain a dot, got '${id}'`);
  }
  const isWhole = Number.isInteger(timestampSeconds) && timestampSeconds >= 0;
  if (!isWhole || timestampSeconds > maxTimestampSeconds) {
    throw new SigningError('invalid-timestamp', `a timestamp is whole unix seconds, got ${timestampSeconds}`);
  }
  return `${id}.${timestampSeconds}.`;
}

function signature(secret: string | PreparedSecret, head: string, body: Buffer): string {
  const { scheme, key } = typeof secret === 'string' ? prepareSecret(secret) : secret;
  if (scheme === 'v1') return `v1,${createHmac('sha256', key).update(head).update(body).digest('base64')}`;
  return `v1a,${signEd25519(key, Buffer.concat([Buffer.from(head), body])).toString('base64')}`;
}

/** A body and the secret of the plain style: the UTF-8 bytes of the whole text are the key, prefix included. */
export type PlainInput = Readonly<{ body: Buffer; secret: string }>;

/**
 * Returns the value of `X-Webhook-Signature` in the plain style, `sha256=<hex>`: HMAC-SHA256 over the body alone. Most
 * hand-written receivers expect this form; it does not cover id and time, so it does not prevent a replay.
 */
export function signPlain({ body, secret }: PlainInput): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
