import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { checkText } from './check-input.ts';
import { privatePrefix, publicBytes, publicKeyBytes, publicPrefix, secretBytes } from './key-bytes.ts';
import { SigningError } from './signing-error.ts';
import { decodeBase64 } from './strict-base64.ts';

/**
 * A decoded secret: `v1` is HMAC-SHA256, `v1a` ed25519. Reuse it while the secret is in use; decoding costs more than
 * signing.
 */
export type PreparedSecret = Readonly<{ scheme: 'v1' | 'v1a'; key: KeyObject }>;

// ed25519 keys as DER (RFC 8410): these bytes, then the 32 bytes of the seed or of the public key.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');
const seedBytes = 32;

/**
 * Decodes `whsec_…` (with or without its prefix, 24–64 bytes) or `whsk_…` (64 bytes: seed, then public key). Throws
 * SigningError `invalid-secret` or `invalid-key`, and TypeError for a value that is not text.
 */
export function prepareSecret(secret: string): PreparedSecret {
  checkText('a secret', secret);
  if (secret.startsWith(privatePrefix)) return { scheme: 'v1a', key: privateKey(secret) };
  return { scheme: 'v1', key: createSecretKey(secretBytes(secret)) };
}

function privateKey(text: string): KeyObject {
  const bytes = decodeBase64(text.slice(privatePrefix.length));
  if (bytes?.length !== seedBytes + publicBytes) {
    throw new SigningError('invalid-key', "a private key is 'whsk_' and the base64 of 64 bytes");
  }
  const der = Buffer.concat([pkcs8Head, bytes.subarray(0, seedBytes)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // No receiver could verify the signatures of a key whose public half does not belong to the seed.
  if (!publicHalf(key).equals(bytes.subarray(seedBytes))) {
    throw new SigningError('invalid-key', 'the two halves of the private key do not match');
  }
  return key;
}

function publicHalf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiHead.length);
}

/** Returns the `whpk_…` of a `whsk_…`, for the receivers' list of trusted keys. */
export function publicKeyOf(secret: string): string {
  return publicPrefix + publicHalf(privateKey(secret)).toString('base64');
}

/** Decodes `whpk_…`. Throws SigningError `invalid-key`, and TypeError for a value that is not text. */
export function preparePublicKey(text: string): KeyObject {
  const bytes = publicKeyBytes(text);
  return createPublicKey({ key: Buffer.concat([spkiHead, bytes]), format: 'der', type: 'spki' });
}

/** Returns the ed25519 signature of `content`. */
export function signEd25519(key: KeyObject, content: Buffer): Buffer {
  return signBytes(null, content, key);
}
