import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The algorithms of HMAC that providers use. */
export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512';

/** Returns the HMAC of the parts, one after the other, in this encoding. The key is the text of the secret, in UTF-8. */
export function hmacOf(
  secret: string,
  parts: readonly (string | Buffer)[],
  {
    algorithm = 'sha256',
    encoding = 'hex',
  }: Readonly<{ algorithm?: HmacAlgorithm; encoding?: 'hex' | 'base64' }> = {},
): string {
  const hmac = createHmac(algorithm, secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/**
 * Returns true if one of the given texts equals an expected one. Each is compared with each, even after a match, and in
 * constant time, so that the time reveals nothing but lengths.
 */
export function isAnyEqual(expected: readonly string[], given: readonly string[]): boolean {
  let isEqual = false;
  for (const one of given) {
    const bytes = Buffer.from(one, 'latin1');
    for (const text of expected) {
      const wanted = Buffer.from(text, 'latin1');
      isEqual = (wanted.length === bytes.length && timingSafeEqual(wanted, bytes)) || isEqual;
    }
  }
  return isEqual;
}

/** Returns true if the given secret is one of the expected. Compares hashes, so that the time does not reveal lengths. */
export function isAnySecret(expected: readonly string[], given: string): boolean {
  // Headers are read as Latin-1, whatever their bytes mean.
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  return isAnyEqual(
    expected.map((secret) => digest(Buffer.from(secret, 'utf8'))),
    [digest(Buffer.from(given, 'latin1'))],
  );
}

/** Returns the bytes of base64 text; null for any other spelling than that of an encoder (RFC 4648 section 3.5). */
export function bytesOfBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}
