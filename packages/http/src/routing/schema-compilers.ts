import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkHints, hintsKeyword } from '../problems/field-hint.ts';

// Every compiler checks the schemas it is given by the metaschema, which it compiles first: some 20 ms. A service
// declares tens of schemas, so all of one kind share a compiler.
// `verbose`: an error has the schema that it is of, by whose other fields an unknown one is explained.
const shared = { allErrors: true, strict: true, validateFormats: false, verbose: true } as const;

/** Compiles schemas of what is taken as it came: bodies and path parameters. */
export const strictCompiler = new Ajv2020({ ...shared, allowUnionTypes: true });

/** Compiles schemas of queries: what is left out gets its default. */
export const defaultingCompiler = new Ajv2020({ ...shared, useDefaults: true });

strictCompiler.addKeyword({
  keyword: hintsKeyword,
  schemaType: 'object',
  compile: (_hints, parentSchema) => {
    checkHints(parentSchema);
    return () => true;
  },
});
