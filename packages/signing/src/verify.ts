import { createHmac, type KeyObject, timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import { checkBody, checkHeaders, checkKeys, checkPlainSecrets } from './check-input.ts';
import { type PreparedSecret, preparePublicKey, prepareSecret } from './prepared-secret.ts';
import { signPlain } from './sign.ts';
import {
  type IncomingHeaders,
  noMatch,
  readSignedHead,
  type SignedHead,
  type VerifyResult,
} from './signed-head.ts';
import { decodeBase64 } from './strict-base64.ts';

/**
 * The input of {@link verify}. `secrets` (`whsec_…`) and `publicKeys` (`whpk_…`) are the trusted ones; one match is
 * enough. `toleranceSeconds` (default 300) limits the age in both directions; `nowSeconds` defaults to the system
 * clock.
 */
export type VerifyInput = Readonly<{
  headers: IncomingHeaders;
  body: Buffer;
  secrets?: readonly (string | PreparedSecret)[];
  publicKeys?: readonly (string | KeyObject)[];
  toleranceSeconds?: number;
  nowSeconds?: number;
}>;

/**
 * Verifies a Standard Webhooks request over the body's raw bytes. Comparison takes constant time; only v1 and v1a
 * signatures are checked, the first five different ones in the header. Throws SigningError for an invalid secret or key, and TypeError
 * if neither is given or if `headers`, `body` or a number is of the wrong kind.
 */
export function verify(input: VerifyInput): VerifyResult {
  checkHeaders(input.headers);
  checkBody(input.body);
  checkKeys(input.secrets, input.publicKeys);
  const head = readSignedHead(input);
  if (!head.ok) return head;
  const { id, timestampSeconds } = head;
  return hasMatch(input, head) ? { ok: true, id, timestampSeconds } : noMatch;
}

function hasMatch(
  { body, secrets = [], publicKeys = [] }: VerifyInput,
  { signedText, signatures }: SignedHead,
): boolean {
  const head = Buffer.from(signedText);
  const expected = secrets
    .map((secret) => (typeof secret === 'string' ? prepareSecret(secret) : secret))
    .filter(({ scheme }) => scheme === 'v1')
    .map(({ key }) => Buffer.from(createHmac('sha256', key).update(head).update(body).digest('base64')));
  const trusted = publicKeys.map((key) => (typeof key === 'string' ? preparePublicKey(key) : key));
  const content = trusted.length === 0 ? head : Buffer.concat([head, body]);
  // Every signature is compared with every key, even after a match, so that the time reveals nothing.
  let isMatch = false;
  for (const { version, signature } of signatures) {
    if (version === 'v1') isMatch = isAnyEqual(expected, Buffer.from(signature)) || isMatch;
    else isMatch = isAnySigned(trusted, content, signature) || isMatch;
  }
  return isMatch;
}

// Compared as base64 text, not as bytes: Node's decoder accepts many spellings of the same bytes.
function isAnyEqual(expected: readonly Buffer[], given: Buffer): boolean {
  let isEqual = false;
  for (const wanted of expected) {
    isEqual = (wanted.length === given.length && timingSafeEqual(wanted, given)) || isEqual;
  }
  return isEqual;
}

function isAnySigned(keys: readonly KeyObject[], content: Buffer, signature: string): boolean {
  const bytes = decodeBase64(signature);
  return bytes?.length === 64 && keys.some((key) => verifyBytes(null, content, key, bytes));
}

/** A plain-style request: the body's raw bytes, the header's value, and the secrets in use. */
export type VerifyPlainInput = Readonly<{
  body: Buffer;
  signature: string | undefined;
  secrets: readonly string[];
}>;

/**
 * Returns true if `X-Webhook-Signature: sha256=<hex>` matches the body with any of the secrets. Constant time. Throws
 * TypeError for a body that is not raw, for an empty list of secrets, and for a secret that is empty or not text.
 */
export function verifyPlain({ body, signature, secrets }: VerifyPlainInput): boolean {
  checkBody(body, true);
  checkPlainSecrets(secrets);
  const expected = secrets.map((secret) => Buffer.from(signPlain({ body, secret })));
  return isAnyEqual(expected, Buffer.from(signature ?? ''));
}
