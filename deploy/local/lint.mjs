import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { ESLint } from 'eslint';
import ts from 'typescript';

import { root } from './bootstrap.mjs';

// The typed lint of every project of tsconfig.json, with what was found kept from run to run. ESLint's own cache looks at the
// linted file alone, but what a typed rule finds depends on the types that the file imports as well. So each project has
// a cache named by the declarations (dist/**/*.d.ts) of itself and of the projects it builds on: when one of them
// changes, the whole project is linted again, and otherwise the changed files alone. Takes a finished `tsc -b`.
const caches = join(root, 'node_modules', '.cache', 'eslint');

/** Returns the folders, relative to a project, that its tsconfig.json refers to. */
function referencesOf(folder) {
  const file = join(root, folder, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  return (config.references ?? []).map(({ path }) => join(folder, path));
}

/** Returns a project and all that it builds on, directly or through others. */
function withReferences(folder, found = new Set()) {
  if (found.has(folder)) return found;
  found.add(folder);
  for (const reference of referencesOf(folder)) withReferences(reference, found);
  return found;
}

const lockfile = readFileSync(join(root, 'pnpm-lock.yaml'));

function hashOfDeclarations(folder) {
  const dist = join(root, folder, 'dist');
  const hash = createHash('sha256');
  if (!existsSync(dist)) return hash.digest('hex');
  for (const name of readdirSync(dist, { recursive: true }).sort()) {
    if (name.endsWith('.d.ts')) hash.update(name).update(readFileSync(join(dist, name)));
  }
  return hash.digest('hex');
}

const declarations = new Map();
function cacheOf(folder) {
  const hash = createHash('sha256').update(lockfile);
  for (const project of [...withReferences(folder)].sort()) {
    if (!declarations.has(project)) declarations.set(project, hashOfDeclarations(project));
    hash.update(declarations.get(project));
  }
  const prefix = `${folder.replaceAll('/', '+')}=`;
  const name = `${prefix}${hash.digest('hex').slice(0, 16)}.json`;
  mkdirSync(caches, { recursive: true });
  for (const old of readdirSync(caches)) {
    if (old.startsWith(prefix) && old !== name) rmSync(join(caches, old));
  }
  return join(caches, name);
}

const results = [];
for (const folder of referencesOf('.')) {
  const eslint = new ESLint({
    cwd: root,
    cache: true,
    cacheStrategy: 'content',
    cacheLocation: cacheOf(folder),
  });
  results.push(...(await eslint.lintFiles([`${folder}/**/*.ts`])));
}
const formatter = await new ESLint({ cwd: root }).loadFormatter('stylish');
const text = await formatter.format(results);
if (text !== '') console.log(text);
process.exitCode = results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0) ? 1 : 0;
