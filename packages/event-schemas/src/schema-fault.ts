/** One fault of a schema: its position (RFC 6901 pointer, `''` for the whole) and a sentence that describes it. */
export type SchemaFault = Readonly<{ pointer: string; detail: string }>;
