import { type IncomingHeaders, type VerifyFailure, verify } from '@tidings/signing';
import { checkNames, type Names } from './check-arguments.ts';

/** The body of a delivery in the standard format. `data` is what the producer sent. */
export type WebhookEvent<T = unknown> = Readonly<{
  id: string;
  type: string;
  timestamp: string;
  workspace_id: string;
  data: T;
}>;

/**
 * `body`: the raw body, never a parsed and serialised copy. `secrets` (`whsec_…`) and `publicKeys` (`whpk_…`): those
 * you trust; while one is rotated, both. `toleranceSeconds`: how old or new a delivery may be (default 300).
 */
export type VerifyWebhookInput = Readonly<{
  headers: IncomingHeaders;
  body: Uint8Array | string;
  secrets?: readonly string[];
  publicKeys?: readonly string[];
  toleranceSeconds?: number;
  nowSeconds?: number;
}>;

/** Why a delivery is refused: it is not from Tidings, not fresh, or not JSON. */
export type RefusalReason = VerifyFailure | 'not-json';

/**
 * A delivery that can be trusted: `id` is the same on every attempt and every duplicate (dedupe by it over days),
 * `sentAt` is this attempt's. Or the reason why it cannot.
 */
export type VerifiedWebhook<T = unknown> =
  | Readonly<{ ok: true; id: string; sentAt: Date; event: WebhookEvent<T> }>
  | Readonly<{ ok: false; reason: RefusalReason }>;

/** The names of a receiver's own settings. */
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
 * Verifies a delivery and parses its event. Throws SigningError when a secret or key of yours is not valid, and
 * TypeError when none is given or when something is of the wrong kind, such as a parsed body.
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
    // The signature is good, so the sender meant something that is not JSON: told as a reason, not thrown.
    return { ok: false, reason: 'not-json' };
  }
}

// What is neither is refused by `verify`.
function bytesOf(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  if (!((body as unknown) instanceof Uint8Array)) return body as Buffer;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
