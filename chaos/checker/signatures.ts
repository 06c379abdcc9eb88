import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretRecord } from '../history/record.ts';
import { type Check, Findings } from './check.ts';
import type { SeenRequest } from './run-history.ts';

// A request is signed before it is sent, and waits for a connection in between.
const signedBeforeMs = 15_000;

/** Standard Webhooks 1.0.0, "Signature scheme": HMAC-SHA256 over `id.timestamp.body` with the base64 part of the secret. */
const isSignedBy = (request: SeenRequest, { secret }: SecretRecord): boolean => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${request.webhookId}.${request.timestamp}.${request.body}`)
    .digest();
  return request.signature.split(' ').some((part) => {
    const [version, value = ''] = part.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
};

/** C5: each request is signed by a secret that was in force when it was sent. */
export const validSignatures: Check = {
  id: 'C5',
  title: 'signatures of a secret in force',
  judge: (history) => {
    const findings = new Findings();
    for (const request of history.requests) {
      const subscription = history.byEndpoint.get(request.endpoint);
      const secrets = history.secrets.get(subscription?.id ?? '') ?? [];
      const isValid = secrets.some(
        (secret) =>
          secret.from <= request.at &&
          (secret.until === null || request.at <= secret.until + signedBeforeMs) &&
          isSignedBy(request, secret),
      );
      findings.expect(
        isValid,
        () => `${request.webhookId} at ${request.endpoint} has no signature of a secret in force`,
      );
    }
    return findings;
  },
};
