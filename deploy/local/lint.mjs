import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { ESLint } from 'eslint';
import ts from 'typescript';

import { root } from './bootstrap.mjs';

// Runs the typed lint for every project of tsconfig.json and caches its results. ESLint's own cache checks only the
// linted file, but a typed rule also depends on imported types. Each project therefore has a cache named by a hash of
// its declarations (dist/**/*.d.ts) and those of its references: if one of them changes, the whole project is linted
// again, otherwise only the changed files. Requires a finished `tsc -b`.
const caches = join(root, 'node_modules', '.cache', 'eslint');

/** Returns the folders, relative to a project, that its tsconfig.json references. */
function referencesOf(folder) {
  const file = join(root, folder, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  return (config.references ?? []).map(({ path }) => join(folder, path));
}

/** Returns a project and all projects that it references, directly or transitively. */
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
