const alphabet = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Returns the bytes of standard base64 (RFC 4648 section 4, padded), or null for anything else. Lenient decoders skip
 * unknown characters, so that many texts would decode to the same bytes. Uses no module of Node.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0 || !alphabet.test(text)) return null;
  const binary = decode(text);
  return binary === null || btoa(binary) !== text
    ? null
    : Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function decode(text: string): string | null {
  try {
    return atob(text);
  } catch {
    // Padding in the wrong place, its only error: not base64.
    return null;
  }
}
