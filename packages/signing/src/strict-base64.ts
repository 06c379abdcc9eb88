const alphabet = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Returns the bytes of standard base64 (RFC 4648 section 4, padded), or null for anything else. Node's decoder skips
 * unknown characters, so that many texts would decode to the same bytes.
 */
export function decodeBase64(text: string): Buffer | null {
  if (text.length % 4 !== 0 || !alphabet.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
