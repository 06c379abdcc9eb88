/**
 * A fault in one part of a JSON text or value: its position (RFC 6901 JSON pointer, `''` for the whole) and a sentence
 * that describes it.
 */
export type ErrorDetail = Readonly<{ pointer: string; detail: string }>;
