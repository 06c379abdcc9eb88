/** What is wrong with one part of a request: where (RFC 6901 pointer into the body) and what, in a sentence. */
export type Fault = Readonly<{ pointer: string; detail: string }>;
