import { checkBody, checkHeaders, checkKeys } from './check-input.ts';
import { publicKeyBytes, secretBytes } from './key-bytes.ts';
import {
  type IncomingHeaders,
  noMatch,
  readSignedHead,
  type SignedHead,
  type VerifyResult,
} from './signed-head.ts';
import { decodeBase64 } from './strict-base64.ts';

export type { IncomingHeaders, VerifyFailure, VerifyResult } from './signed-head.ts';
export { verifyFailures } from './signed-head.ts';
export { SigningError, type SigningErrorCode } from './signing-error.ts';

// Named so that the type is that of the user's runtime: Node's types have no global CryptoKey.
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A secret or public key that is imported into Web Crypto. Reuse it: importing costs more than verifying. */
export type WebKey = Readonly<{ scheme: 'v1' | 'v1a'; key: CryptoKey }>;

/**
 * The input of {@link verify}: as for Node, with keys of {@link importSecret} and {@link importPublicKey} or as text.
 * `toleranceSeconds` is 300 by default, `nowSeconds` the system clock.
 */
export type WebVerifyInput = Readonly<{
  headers: IncomingHeaders;
  body: Uint8Array;
  secrets?: readonly (string | WebKey)[];
  publicKeys?: readonly (string | WebKey)[];
  toleranceSeconds?: number;
  nowSeconds?: number;
}>;

/** Imports `whsec_…`. Rejects with SigningError `invalid-secret`, or TypeError for a value that is not text. */
export async function importSecret(secret: string): Promise<WebKey> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  return {
    scheme: 'v1',
    key: await crypto.subtle.importKey('raw', secretBytes(secret), hmac, false, ['verify']),
  };
}

/** Imports `whpk_…`. Rejects with SigningError `invalid-key`, or TypeError for a value that is not text. */
export async function importPublicKey(text: string): Promise<WebKey> {
  return {
    scheme: 'v1a',
    key: await crypto.subtle.importKey('raw', publicKeyBytes(text), 'Ed25519', false, ['verify']),
  };
}

/**
 * Verifies a Standard Webhooks request with Web Crypto, for runtimes without the modules of Node: same rules, results
 * and errors as the verifier for Node. v1a needs a runtime whose Web Crypto has Ed25519.
 */
export async function verify(input: WebVerifyInput): Promise<VerifyResult> {
  checkHeaders(input.headers);
  checkBody(input.body);
  checkKeys(input.secrets, input.publicKeys);
  const head = readSignedHead(input);
  if (!head.ok) return head;
  const { id, timestampSeconds } = head;
  return (await hasMatch(input, head)) ? { ok: true, id, timestampSeconds } : noMatch;
}

async function hasMatch(
  { body, secrets = [], publicKeys = [] }: WebVerifyInput,
  { signedText, signatures }: SignedHead,
): Promise<boolean> {
  const keys = await Promise.all([
    ...secrets.map((key) => (typeof key === 'string' ? importSecret(key) : key)),
    ...publicKeys.map((key) => (typeof key === 'string' ? importPublicKey(key) : key)),
  ]);
  const content = joined(new TextEncoder().encode(signedText), body);
  // Every signature is compared with every key, even after a match, so that the time reveals nothing.
  const matches = signatures.flatMap(({ version, signature }) => {
    const bytes = decodeBase64(signature);
    if (bytes === null) return [];
    const usable = keys.filter(({ scheme }) => scheme === version);
    return usable.map(async ({ key }) => crypto.subtle.verify(key.algorithm.name, key, bytes, content));
  });
  return (await Promise.all(matches)).includes(true);
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return all;
}
