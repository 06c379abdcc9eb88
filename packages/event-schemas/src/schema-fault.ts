/** One fault of a schema: where in it (RFC 6901 pointer, `''` for the whole) and what, in a sentence. */
export type SchemaFault = Readonly<{ pointer: string; detail: string }>;
