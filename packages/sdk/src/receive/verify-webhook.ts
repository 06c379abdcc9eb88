import { verify } from '@tidings/signing';
import type { AnyEvents } from '../event-map.ts';
import { checkVerifyNames, type VerifyWebhookInput } from './trust.ts';
import { type VerifiedWebhook, verifiedWebhook } from './webhook.ts';

/**
 * Verifies a delivery and parses its event. Throws SigningError for an invalid secret or key, and TypeError if none is
 * given or if a value is of the wrong kind, such as a parsed body.
 */
export function verifyWebhook<Events extends object = AnyEvents>(
  input: VerifyWebhookInput,
): VerifiedWebhook<Events> {
  checkVerifyNames(input);
  const body = bytesOf(input.body);
  return verifiedWebhook(verify({ ...input, body }), body);
}

// `verify` refuses any other type.
function bytesOf(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  if (!((body as unknown) instanceof Uint8Array)) return body as Buffer;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
