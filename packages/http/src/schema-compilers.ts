import { Ajv2020 } from 'ajv/dist/2020.js';

// Every compiler checks the schemas it is given by the metaschema, which it compiles first: some 20 ms. A service
// declares tens of schemas, so all of one kind share a compiler.
const shared = { allErrors: true, strict: true, validateFormats: false } as const;

/** Compiles schemas of what is taken as it came: bodies and path parameters. */
export const strictCompiler = new Ajv2020({ ...shared, allowUnionTypes: true });

/** Compiles schemas of queries: what is left out gets its default. */
export const defaultingCompiler = new Ajv2020({ ...shared, useDefaults: true });
