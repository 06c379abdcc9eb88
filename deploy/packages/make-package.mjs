import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// `pnpm pack` and `pnpm publish` run this in a package's folder (`prepack`). Creates dist/package: the compiled output
// that the package's entries import, with files of other workspace packages inside, because no registry has those, and
// with the npm packages that this workspace patches, because a registry has them without the patches.

const root = fileURLToPath(new URL('../..', import.meta.url));
const scope = '@tidings/';
const imports = /(from |import |import\(|require\()['"]([^'"]+)['"]/g;
const output = resolve('dist/package');
const patched = readdirSync(join(root, 'patches')).map((file) => file.slice(0, file.lastIndexOf('@')));

build();
rmSync(output, { recursive: true, force: true });
const own = readManifest('.');
copyReached(entriesOf(own.publishConfig));
makeRunnable(own.publishConfig.bin ?? {});

function build() {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function folderOf(name) {
  return join(root, 'packages', name.slice(scope.length));
}

/** Returns the output folder of a package: the top for the packed one, a subfolder for each other. */
function placeOf(name) {
  return name === own.name ? output : join(output, name.slice(scope.length));
}

/** Returns the files of the packed package that its users load: of `exports` with their types, and of `bin`. */
function entriesOf({ exports = {}, bin = {} }) {
  const files = Object.values(exports).flatMap((one) =>
    typeof one === 'string' ? [] : [one.types, one.default],
  );
  return [...files, ...Object.values(bin)].map((file) => ({
    name: own.name,
    file: relative('dist/package', file),
  }));
}

/** Copies these files and every file that they import, directly or transitively. */
function copyReached(waiting) {
  const seen = new Set();
  for (const { name, file } of waiting) {
    const target = join(placeOf(name), file);
    if (seen.has(target)) continue;
    seen.add(target);
    const text = readFileSync(join(folderOf(name), 'dist', file), 'utf8');
    mkdirSync(dirname(target), { recursive: true });
    for (const [, before, specifier] of text.matchAll(imports)) {
      if (before !== 'import(') takeNpmPackage(specifier, name);
      const imported = resolved(specifier, { name, file });
      if (imported !== null) waiting.push(imported);
    }
    writeFileSync(target, relinked(text, target));
  }
}

/** Copies a patched npm package whole, with its licence; fails if any other one is no dependency of the packed package. */
function takeNpmPackage(specifier, importer) {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || specifier.startsWith(scope)) return;
  const name = npmNameOf(specifier);
  if (!patched.includes(name)) {
    if (own.dependencies?.[name] !== undefined || own.peerDependencies?.[name] !== undefined) return;
    throw new Error(`${own.name} must have '${name}' in its dependencies: ${importer} imports it`);
  }
  const target = join(output, name);
  if (existsSync(target)) return;
  const { resolve: find } = createRequire(join(folderOf(importer), 'package.json'));
  cpSync(dirname(find(`${name}/package.json`)), target, { recursive: true });
  const needed = Object.keys(readManifest(target).dependencies ?? {});
  if (needed.length > 0)
    throw new Error(`'${name}' needs ${needed.join(', ')}, which are not packed with it`);
}

function npmNameOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Returns the path of a file of a patched npm package in the packed one; its entry if only the package is named. */
function patchedFile(specifier) {
  const name = npmNameOf(specifier);
  if (!patched.includes(name)) return null;
  const rest = specifier.slice(name.length + 1);
  return join(output, name, rest === '' ? readManifest(join(output, name)).main : rest);
}

/** Returns the file that an import names, of the same kind (code or types); null for one of no workspace package. */
function resolved(specifier, { name, file }) {
  const isTypes = file.endsWith('.d.ts');
  if (specifier.startsWith('.')) {
    const path = join(dirname(file), specifier);
    return { name, file: isTypes ? path.replace(/\.[jt]s$/, '.d.ts') : path };
  }
  if (!specifier.startsWith(scope)) return null;
  const [folder, ...rest] = specifier.slice(scope.length).split('/');
  const { exports } = readManifest(folderOf(scope + folder));
  const { types, default: code } = exports[['.', ...rest].join('/')];
  return { name: scope + folder, file: relative('dist', isTypes ? types : code) };
}

/** Returns the file in the packed package that an import of another package names; null if it stays as it is. */
function innerFile(specifier, here) {
  if (!specifier.startsWith(scope)) return specifier.startsWith('.') ? null : patchedFile(specifier);
  const { name, file } = resolved(specifier, here);
  return join(placeOf(name), file.replace(/\.d\.ts$/, '.js'));
}

/**
 * Rewrites imports of workspace packages to paths and removes source map references, because source maps are not
 * packed.
 */
function relinked(text, target) {
  const here = { name: own.name, file: target.endsWith('.d.ts') ? 'x.d.ts' : 'x.js' };
  return text
    .replace(imports, (whole, before, specifier) => {
      const inner = innerFile(specifier, here);
      if (inner === null) return whole;
      const path = relative(dirname(target), inner);
      return `${before}'${path.startsWith('.') ? path : `./${path}`}'`;
    })
    .replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n');
}

function makeRunnable(bin) {
  for (const file of Object.values(bin)) {
    writeFileSync(file, `#!/usr/bin/env node\n${readFileSync(file, 'utf8')}`);
    chmodSync(file, 0o755);
  }
}
