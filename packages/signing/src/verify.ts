import { createHmac, type KeyObject, timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import { checkBody, checkHeaders, checkKeys, checkPlainSecrets, checkSeconds } from './check-input.ts';
import { type PreparedSecret, preparePublicKey, prepareSecret } from './prepared-secret.ts';
import { signPlain } from './sign.ts';
import { decodeBase64 } from './strict-base64.ts';

/** The closed list of reasons why a request is refused. */
export const verifyFailures = [
  'missing-id',
  'missing-timestamp',
  'missing-signature',
  'malformed-id',
  'malformed-timestamp',
  'timestamp-too-old',
  'timestamp-too-new',
  'no-matching-signature',
] as const;

/** One of {@link verifyFailures}. */
export type VerifyFailure = (typeof verifyFailures)[number];

/** The headers as Node provides them (names in any case), or as fetch does. */
export type IncomingHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Readonly<{ get: (name: string) => string | null }>;

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

/** The id (the same on every attempt: dedupe by it) and the time of this attempt, or the reason for the refusal. */
export type VerifyResult =
  | Readonly<{ ok: true; id: string; timestampSeconds: number }>
  | Readonly<{ ok: false; reason: VerifyFailure }>;

const defaultToleranceSeconds = 300;

// The rest is ignored: each costs a signature check, and a sender has a handful of keys.
const maxSignatures = 5;

/**
 * Verifies a Standard Webhooks request over the body's raw bytes. Comparison takes constant time; only v1 and v1a
 * signatures are checked, the first five different ones in the header. Throws SigningError for an invalid secret or key, and TypeError
 * if neither is given or if `headers`, `body` or a number is of the wrong kind.
 */
export function verify(input: VerifyInput): VerifyResult {
  checkHeaders(input.headers);
  checkBody(input.body);
  checkKeys(input.secrets, input.publicKeys);
  checkSeconds('toleranceSeconds', input.toleranceSeconds);
  checkSeconds('nowSeconds', input.nowSeconds);
  const id = header(input.headers, 'webhook-id');
  const timestamp = header(input.headers, 'webhook-timestamp');
  const signatures = header(input.headers, 'webhook-signature');
  if (id === undefined) return refused('missing-id');
  if (timestamp === undefined) return refused('missing-timestamp');
  if (signatures === undefined) return refused('missing-signature');
  if (id.includes('.')) return refused('malformed-id');
  if (!/^\d{1,12}$/.test(timestamp)) return refused('malformed-timestamp');
  const timestampSeconds = Number(timestamp);
  const nowSeconds = input.nowSeconds ?? Math.floor(Date.now() / 1000);
  const toleranceSeconds = input.toleranceSeconds ?? defaultToleranceSeconds;
  if (timestampSeconds < nowSeconds - toleranceSeconds) return refused('timestamp-too-old');
  if (timestampSeconds > nowSeconds + toleranceSeconds) return refused('timestamp-too-new');
  // The header's own text is signed, not the number parsed from it: '0123' and '123' differ.
  const head = Buffer.from(`${id}.${timestamp}.`);
  return hasMatch(input, head, signatures)
    ? { ok: true, id, timestampSeconds }
    : refused('no-matching-signature');
}

function refused(reason: VerifyFailure): VerifyResult {
  return { ok: false, reason };
}

function hasMatch(
  { body, secrets = [], publicKeys = [] }: VerifyInput,
  head: Buffer,
  header: string,
): boolean {
  const expected = secrets
    .map((secret) => (typeof secret === 'string' ? prepareSecret(secret) : secret))
    .filter(({ scheme }) => scheme === 'v1')
    .map(({ key }) => Buffer.from(createHmac('sha256', key).update(head).update(body).digest('base64')));
  const trusted = publicKeys.map((key) => (typeof key === 'string' ? preparePublicKey(key) : key));
  const content = trusted.length === 0 ? head : Buffer.concat([head, body]);
  // Every signature is compared with every key, even after a match, so that the time reveals nothing.
  let isMatch = false;
  for (const given of signaturesIn(header)) {
    const comma = given.indexOf(',');
    const version = given.slice(0, comma);
    const signature = given.slice(comma + 1);
    if (version === 'v1') isMatch = isAnyEqual(expected, Buffer.from(signature)) || isMatch;
    if (version === 'v1a') isMatch = isAnySigned(trusted, content, signature) || isMatch;
  }
  return isMatch;
}

/** Returns the first signatures of v1 and v1a that differ. */
const signaturesIn = (header: string): readonly string[] =>
  [...new Set(header.split(' '))].filter((one) => /^v1a?,/.test(one)).slice(0, maxSignatures);

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

function header(headers: IncomingHeaders, name: string): string | undefined {
  const value: unknown = typeof headers.get === 'function' ? headers.get(name) : lookUp(headers, name);
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function lookUp(headers: IncomingHeaders, name: string): unknown {
  const exact: unknown = Reflect.get(headers, name);
  if (exact !== undefined) return exact;
  const found = Object.entries(headers).find(([given]) => given.toLowerCase() === name);
  return found?.[1];
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
