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

/** The content of a request but for its body, and every active secret. */
export type StreamSignInput = Omit<SignInput, 'body'> &
  Readonly<{
    /** Also signs in the plain style, with the text of this secret; null: does not. */
    plainSecret: string | null;
  }>;

/** The signatures of a body: the values of `webhook-signature`, and of `X-Webhook-Signature` in the plain style. */
export type StreamSignatures = Readonly<{ signature: string; plainSignature: string | null }>;

/** Signs a body that is given in chunks. */
export type StreamSigner = Readonly<{ update(chunk: Buffer): void; finish(): StreamSignatures }>;

/**
 * Returns a signer of a body that does not fit into memory: {@link sign} and {@link signPlain} in one pass. Ed25519 signs
 * whole content only, so with a `whsk_` key the signer holds all chunks. Throws as {@link sign}.
 */
export function streamSigner(input: StreamSignInput): StreamSigner {
  const { secrets, plainSecret } = input;
  const head = signedHead(input);
  if (secrets.length === 0) throw new SigningError('invalid-secret', 'there is no secret to sign with');
  const signers = secrets.map((secret) => signerOf(secret, head));
  const plain = plainSecret === null ? null : createHmac('sha256', plainSecret);
  return {
    update: (chunk) => {
      for (const signer of signers) signer.update(chunk);
      plain?.update(chunk);
    },
    finish: () => ({
      signature: signers.map((signer) => signer.finish()).join(' '),
      plainSignature: plain === null ? null : `sha256=${plain.digest('hex')}`,
    }),
  };
}

function signerOf(secret: string | PreparedSecret, head: string) {
  const { scheme, key } = typeof secret === 'string' ? prepareSecret(secret) : secret;
  if (scheme === 'v1') {
    const hmac = createHmac('sha256', key).update(head);
    return {
      update: (chunk: Buffer) => void hmac.update(chunk),
      finish: () => `v1,${hmac.digest('base64')}`,
    };
  }
  const chunks: Buffer[] = [Buffer.from(head)];
  return {
    update: (chunk: Buffer) => void chunks.push(chunk),
    finish: () => `v1a,${signEd25519(key, Buffer.concat(chunks)).toString('base64')}`,
  };
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
function signedHead({ id, timestampSeconds }: Pick<SignInput, 'id' | 'timestampSeconds'>): string {
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
