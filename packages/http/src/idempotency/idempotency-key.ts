import type { IncomingMessage } from 'node:http';
import { AppError } from '@tidings/runtime';

/** Maximum length of an Idempotency-Key, in characters, without the quotes around it. */
const idempotencyKeyMaxLength = 256;

/** The parsed header: a key, or its fault (a sentence for the caller). */
export type KeyReading = Readonly<{ ok: true; key: string } | { ok: false; problem: string }>;

// RFC 8941 section 3.3.3: a quoted string of printable ASCII in which only the quote and the backslash are escaped.
const quoted = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const printable = /^[\x20-\x7e]+$/;

/**
 * Parses an `Idempotency-Key`, either as its draft specifies (a quoted structured-field string) or bare, as most
 * clients send it: `"abc"` and `abc` are the same key.
 */
export function readIdempotencyKey(header: string): KeyReading {
  const text = header.trim();
  const [, inner] = quoted.exec(text) ?? [];
  if (inner === undefined && text.startsWith('"')) {
    return { ok: false, problem: 'Idempotency-Key begins with a quote but is no quoted string (RFC 8941)' };
  }
  const key = inner === undefined ? text : inner.replace(/\\(["\\])/g, '$1');
  if (key.length < 1 || key.length > idempotencyKeyMaxLength) {
    const limit = `1 to ${idempotencyKeyMaxLength} characters`;
    return { ok: false, problem: `Idempotency-Key must have ${limit}, got ${key.length}` };
  }
  if (!printable.test(key)) {
    return { ok: false, problem: 'Idempotency-Key must be printable ASCII: send a UUID, for example' };
  }
  return { ok: true, key };
}

/**
 * Returns the Idempotency-Key of a request; null without one. Throws AppError `invalid-request` (400) for a malformed
 * one.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | null {
  // A single value: a second one is refused before routing (server/check-request-head.ts).
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const reading = readIdempotencyKey(String(header));
  if (reading.ok) return reading.key;
  throw new AppError({ code: 'invalid-request', message: `${reading.problem}.` });
}
