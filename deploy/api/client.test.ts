import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { wholeDescription as description } from './whole-description.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const programPath = `${here}every-route.mts`;

/** Returns the client calls in a program in the description's notation: `GET /v1/things/{id}`. */
function callsIn(program: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [path] = node.arguments;
      const isCall = node.expression.expression.getText() === 'client' && path !== undefined;
      if (isCall && ts.isStringLiteral(path)) found.push(`${node.expression.name.text} ${path.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(programPath, program, ts.ScriptTarget.ESNext, true));
  return found;
}

/**
 * Compiles the program beside the generated `api.ts`, in a folder that can resolve the packages, and returns the
 * errors.
 */
async function complaintsOf(program: string, api: string): Promise<readonly string[]> {
  const folder = await mkdtemp(`${here}generated-`);
  onTestFinished(async () => rm(folder, { recursive: true }));
  await writeFile(`${folder}/api.ts`, api);
  await writeFile(`${folder}/program.mts`, program);
  const compiled = ts.createProgram([`${folder}/program.mts`], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  return ts.getPreEmitDiagnostics(compiled).map(({ messageText, file, start = 0 }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

// The compiler is slow on a busy machine.
const timeout = 120_000;

it('a client that openapi-typescript generates compiles a program that uses every route', {
  timeout,
}, async () => {
  const program = await readFile(programPath, 'utf8');
  const methods = ['get', 'post', 'put', 'patch', 'delete'];
  const routes = Object.entries(description.paths).flatMap(([path, item]) =>
    methods.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...new Set(callsIn(program))].toSorted()).toEqual(routes.toSorted());
  const api = astToString(await openapiTS(description as never));
  // No value has this type: a field of it can be neither sent nor read.
  expect(api.match(/^.*Record<string, never>.*$/gm)).toEqual([
    // The output of openapi-typescript for absent sections and for bodies without fields.
    ...['        NoFields: Record<string, never>;', 'export type $defs = Record<string, never>;'],
  ]);
  expect(await complaintsOf(program, api)).toEqual([]);
});
