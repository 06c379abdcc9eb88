import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { maxSecretBytes, minSecretBytes } from './key-bytes.ts';
import { SigningError } from './signing-error.ts';

/** Returns a new symmetric secret, `whsec_` and base64 of 24 to 64 random bytes (default 32). */
export function generateSecret(bytes = 32): string {
  if (!Number.isInteger(bytes) || bytes < minSecretBytes || bytes > maxSecretBytes) {
    const message = `a secret must have ${minSecretBytes} to ${maxSecretBytes} bytes, got ${bytes}`;
    throw new SigningError('invalid-secret', message);
  }
  return `whsec_${randomBytes(bytes).toString('base64')}`;
}

/** Returns a new ed25519 key pair: `whsk_…` stays with the sender, `whpk_…` goes to the receivers. */
export function generateKeyPair(): { readonly secret: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // The raw keys are the last 32 bytes of their DER forms (RFC 8410).
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const open = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    secret: `whsk_${Buffer.concat([seed, open]).toString('base64')}`,
    publicKey: `whpk_${open.toString('base64')}`,
  };
}
