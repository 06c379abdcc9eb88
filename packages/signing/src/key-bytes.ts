import { checkText } from './check-input.ts';
import { SigningError } from './signing-error.ts';
import { decodeBase64 } from './strict-base64.ts';

/** Standard Webhooks: a symmetric secret has 24 to 64 random bytes. */
export const minSecretBytes = 24;
export const maxSecretBytes = 64;

/** The prefix of an ed25519 private key. */
export const privatePrefix = 'whsk_';
/** The prefix of an ed25519 public key. */
export const publicPrefix = 'whpk_';
/** The length of an ed25519 public key. */
export const publicBytes = 32;

const symmetricPrefix = 'whsec_';

/** Returns the bytes of `whsec_…`, with or without its prefix. Throws SigningError `invalid-secret`, and TypeError. */
export function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  checkText('a secret', secret);
  const encoded = secret.startsWith(symmetricPrefix) ? secret.slice(symmetricPrefix.length) : secret;
  const bytes = decodeBase64(encoded);
  if (bytes === null) {
    const message = "a secret is 'whsec_' and base64 with its padding; this is not base64";
    throw new SigningError('invalid-secret', message);
  }
  if (bytes.length < minSecretBytes || bytes.length > maxSecretBytes) {
    const message = `a secret must have ${minSecretBytes} to ${maxSecretBytes} bytes, got ${bytes.length}`;
    throw new SigningError('invalid-secret', message);
  }
  return bytes;
}

/** Returns the 32 bytes of `whpk_…`. Throws SigningError `invalid-key`, and TypeError for a value that is not text. */
export function publicKeyBytes(text: string): Uint8Array<ArrayBuffer> {
  checkText('a public key', text);
  const bytes = text.startsWith(publicPrefix) ? decodeBase64(text.slice(publicPrefix.length)) : null;
  if (bytes?.length !== publicBytes) {
    throw new SigningError('invalid-key', "a public key is 'whpk_' and the base64 of 32 bytes");
  }
  return bytes;
}
