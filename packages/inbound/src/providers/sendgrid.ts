import { createPublicKey, type KeyObject, verify as verifyBytes } from 'node:crypto';
import { bytesOfBase64 } from '../constant-time.ts';
import { splitArray, textAt } from '../payload.ts';
import type { Provider } from '../provider.ts';
import { timestampFault } from '../timestamp.ts';

const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timestampHeader = 'x-twilio-email-event-webhook-timestamp';

/** Returns the key in base64 of its SPKI; null if it is none of P-256. */
function keyOf(secret: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    // Not a key.
    return null;
  }
}

/** https://www.twilio.com/docs/sendgrid/for-developers/tracking-events: ECDSA over timestamp and body; an array of events. */
export const sendgrid: Provider = {
  name: 'sendgrid',
  typePrefix: 'sendgrid',
  maxBytes: 1_000_000,
  contentTypes: ['application/json'],
  // Not documented.
  answerWithinMs: 10_000,
  retrySpanSeconds: 86_400,
  options: {
    tolerance_seconds: {
      type: 'integer',
      minimum: 1,
      maximum: 604_800,
      description:
        'Maximum age of the timestamp. Default: no limit, since it is not documented that a retry has a new one.',
    },
  },
  reads: () => [signatureHeader, timestampHeader],
  secretFault: (secret) =>
    keyOf(secret) === null ? 'must be the verification key of SendGrid: a P-256 public key in base64' : null,
  checkHeaders: (headers, { options, nowSeconds }) => {
    const signature = headers.get(signatureHeader);
    if (signature === undefined) return 'missing-signature';
    const tolerance = options['tolerance_seconds'];
    const timestamp = headers.get(timestampHeader);
    const fault = timestampFault(timestamp, nowSeconds, typeof tolerance === 'number' ? tolerance : Infinity);
    return fault ?? (bytesOfBase64(signature) === null ? 'malformed-signature' : null);
  },
  verify: ({ headers, body }, { secrets }) => {
    const bytes = bytesOfBase64(headers.get(signatureHeader) ?? '');
    if (bytes === null) return 'malformed-signature';
    const signed = Buffer.concat([Buffer.from(headers.get(timestampHeader) ?? ''), body]);
    const isSigned = secrets.map((secret) => {
      const key = keyOf(secret);
      return key !== null && verifyBytes('sha256', signed, key, bytes);
    });
    return isSigned.includes(true) ? null : 'no-matching-signature';
  },
  split: splitArray,
  id: ({ payload: { value } }) => textAt(value, 'sg_event_id'),
  type: ({ payload: { value } }) => textAt(value, 'event'),
  // What follows the first dot differs between the events of a message.
  orderingKey: ({ payload: { value } }) =>
    textAt(value, 'sg_message_id')?.split('.', 1)[0] ?? textAt(value, 'email'),
};
