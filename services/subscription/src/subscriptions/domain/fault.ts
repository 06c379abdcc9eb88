/**
 * A fault in one part of a request: its position (RFC 6901 pointer into the body) and a description in one sentence.
 */
export type Fault = Readonly<{ pointer: string; detail: string }>;
