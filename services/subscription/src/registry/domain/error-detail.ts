/**
 * One error in a request: its position (RFC 6901 pointer into the body) and its description, a sentence. The same shape
 * as in the runtime package, which domain code does not import.
 */
export type ErrorDetail = Readonly<{ pointer: string; detail: string }>;
