import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkHints, hintsKeyword } from '../problems/field-hint.ts';

// Every compiler checks its schemas by the metaschema, which it compiles first: some 20 ms. A service declares tens of
// schemas, so all of one kind share a compiler.
// `verbose`: an error includes its schema, whose other fields explain an unknown one.
const shared = { allErrors: true, strict: true, validateFormats: false, verbose: true } as const;

/** Compiles schemas of input that is not modified: bodies and path parameters. */
export const strictCompiler = new Ajv2020({ ...shared, allowUnionTypes: true });

/** Compiles schemas of queries: omitted parameters get their default. */
export const defaultingCompiler = new Ajv2020({ ...shared, useDefaults: true });

strictCompiler.addKeyword({
  keyword: hintsKeyword,
  schemaType: 'object',
  compile: (_hints, parentSchema) => {
    checkHints(parentSchema);
    return () => true;
  },
});
