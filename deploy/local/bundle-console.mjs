import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Bundles the browser application of the console to services/console/web/dist, from files of this machine only.
const folder = fileURLToPath(new URL('../../services/console/web/', import.meta.url));
const dist = join(folder, 'dist');
// Each file gets its place in one step: another stack may be bundling, or starting from them.
const fresh = join(dist, `bundling-${process.pid}`);
const { build } = await import(pathToFileURL(createRequire(folder).resolve('vite')).href);
try {
  await build({
    configFile: join(folder, 'vite.config.mjs'),
    logLevel: 'warn',
    build: { outDir: fresh, emptyOutDir: true },
  });
  const made = filesOf(fresh);
  // The pages last: they name the others.
  for (const name of made.sort((a, b) => Number(a.includes('.html')) - Number(b.includes('.html')))) {
    mkdirSync(dirname(join(dist, name)), { recursive: true });
    renameSync(join(fresh, name), join(dist, name));
  }
  const current = new Set(made);
  for (const name of filesOf(dist)) if (!current.has(name)) rmSync(join(dist, name), { force: true });
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/** Returns the files of a folder, at all depths, relative to it; without those that are being bundled. */
function filesOf(root, within = '') {
  return readdirSync(join(root, within), { withFileTypes: true }).flatMap((entry) => {
    const name = join(within, entry.name);
    if (!entry.isDirectory()) return [name];
    return entry.name.startsWith('bundling-') ? [] : filesOf(root, name);
  });
}
