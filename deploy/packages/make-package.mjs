import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// `pnpm pack` and `pnpm publish` run this in a package's folder (`prepack`). Creates dist/package: the compiled output
// without tests, with the required workspace packages inside, because no registry has those.

const root = fileURLToPath(new URL('../..', import.meta.url));
const scope = '@tidings/';
const output = resolve('dist/package');

build();
rmSync(output, { recursive: true, force: true });
const packages = withNeeded(readManifest('.').name);
for (const name of packages) copy(name);
makeRunnable(readManifest('.').publishConfig.bin ?? {});

function build() {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Returns the package and every workspace package that it imports, directly or transitively. */
function withNeeded(name, seen = new Set()) {
  seen.add(name);
  const { dependencies = {}, devDependencies = {} } = readManifest(folderOf(name));
  for (const needed of Object.keys({ ...dependencies, ...devDependencies })) {
    if (needed.startsWith(scope) && !seen.has(needed)) withNeeded(needed, seen);
  }
  return seen;
}

function folderOf(name) {
  return join(root, 'packages', name.slice(scope.length));
}

/** Returns the output folder of a package: the top for the packed one, a subfolder for each other. */
function placeOf(name) {
  const [own] = packages;
  return name === own ? output : join(output, name.slice(scope.length));
}

function copy(name) {
  const from = join(folderOf(name), 'dist');
  // tsc does not remove the output of deleted sources.
  const isWanted = (file) =>
    /\.(js|d\.ts)$/.test(file) &&
    !/\.test\.|-under-test\./.test(file) &&
    existsSync(join(folderOf(name), 'src', file.replace(/\.(js|d\.ts)$/, '.ts')));
  const files = readdirSync(from, { recursive: true }).filter(isWanted);
  for (const file of files) {
    const target = join(placeOf(name), file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, relinked(readFileSync(join(from, file), 'utf8'), target));
  }
}

/**
 * Rewrites imports of workspace packages to paths and removes source map references, because source maps are not
 * packed.
 */
function relinked(text, target) {
  return text
    .replace(/(from |import\(?)'@tidings\/([a-z-]+)'/g, (_, before, name) => {
      const path = relative(dirname(target), join(placeOf(scope + name), 'index.js'));
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
