import { type IncomingHeaders, type VerifyFailure, verify } from '@tidings/signing';
import { checkNames, type Names } from './check-arguments.ts';

/** The body of a delivery in the standard format. `data` is the producer's data. */
export type WebhookEvent<T = unknown> = Readonly<{
  id: string;
  type: string;
  timestamp: string;
  workspace_id: string;
  data: T;
}>;

/**
 * The input of {@link verifyWebhook}. `body`: the raw body, never a parsed and serialised copy. `secrets` (`whsec_…`)
 * and `publicKeys` (`whpk_…`): the trusted ones; both the old and the new during a rotation. `toleranceSeconds`:
 * maximum difference between the delivery's timestamp and now (default 300).
 */
export type VerifyWebhookInput = Readonly<{
  headers: IncomingHeaders;
  body: Uint8Array | string;
  secrets?: readonly string[];
  publicKeys?: readonly string[];
  toleranceSeconds?: number;
  nowSeconds?: number;
}>;

/** The reason why a delivery is refused: not from Tidings, not fresh, or not JSON. */
export type RefusalReason = VerifyFailure | 'not-json';

/**
 * A trusted delivery, or the reason why it is refused. `id` is the same on every attempt and every duplicate (dedupe by
 * it over days), `sentAt` is the time of this attempt.
 */
export type VerifiedWebhook<T = unknown> =
  | Readonly<{ ok: true; id: string; sentAt: Date; event: WebhookEvent<T> }>
  | Readonly<{ ok: false; reason: RefusalReason }>;

/** The option names that a receiver configures. */
export const trustNames = {
  known: ['secrets', 'publicKeys', 'toleranceSeconds'],
  mistakenFor: {
    secret: 'secrets',
    signingSecret: 'secrets',
    publicKey: 'publicKeys',
    tolerance: 'toleranceSeconds',
  },
} as const satisfies Names;

const names: Names = {
  known: ['headers', 'body', 'nowSeconds', ...trustNames.known],
  mistakenFor: { ...trustNames.mistakenFor, payload: 'body', rawBody: 'body', header: 'headers' },
};

/**
 * Verifies a delivery and parses its event. Throws SigningError for an invalid secret or key, and TypeError if none is
 * given or if a value is of the wrong kind, such as a parsed body.
 */
export function verifyWebhook<T = unknown>(input: VerifyWebhookInput): VerifiedWebhook<T> {
  checkNames('the argument of verifyWebhook', input, names);
  const bytes = bytesOf(input.body);
  const result = verify({ ...input, body: bytes });
  if (!result.ok) return result;
  try {
    const event = JSON.parse(bytes.toString('utf8')) as WebhookEvent<T>;
    return { ok: true, id: result.id, sentAt: new Date(result.timestampSeconds * 1000), event };
  } catch {
    // The signature is valid, so the sender sent a body that is not JSON: returned as a reason, not thrown.
    return { ok: false, reason: 'not-json' };
  }
}

// `verify` refuses any other type.
function bytesOf(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  if (!((body as unknown) instanceof Uint8Array)) return body as Buffer;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
