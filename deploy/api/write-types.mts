import { writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { wholeDescription } from './whole-description.ts';

// Writes the types of the whole API to the file that the first argument names: the types of the console's requests.
const [, , file = ''] = process.argv;
await writeFile(file, astToString(await openapiTS(wholeDescription as never)));
