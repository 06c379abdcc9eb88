import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What the build of the console's pages uses and does not put into them. */
const buildTools = /^(@types\/|@vitejs\/|vite$)/;

/**
 * Returns the packages from registries that the image contains, by name and version: those that the lockfile gives the
 * services, as far as they are installed for this platform, and those that are built into the pages of the console. Throws for
 * a package that is locked and not installed.
 * @param {string} root the folder of the repository
 */
export function lockedPackages(root) {
  const lock = parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'));
  const installed = installedPackages(root);
  const found = new Map();
  const folders = new Set();

  const followFolder = (folder) => {
    if (folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = lock.importers[folder];
    for (const [name, { version }] of Object.entries({ ...dependencies, ...optionalDependencies }))
      follow({ name, version, folder, isOptional: name in optionalDependencies });
  };

  const follow = ({ name, version, folder, isOptional }) => {
    if (version.startsWith('link:')) return followFolder(join(folder, version.slice('link:'.length)));
    const key = `${name}@${version}`;
    const id = key.replace(/\(.*/, '');
    if (found.has(key)) return;
    const place = installed.get(id);
    if (place === undefined && isOptional) return;
    if (place === undefined)
      throw new Error(`${id} is in pnpm-lock.yaml and not installed: run pnpm install`);
    found.set(key, { id, place, integrity: lock.packages[id].resolution.integrity });
    const { dependencies = {}, optionalDependencies = {} } = lock.snapshots[key];
    for (const [other, otherVersion] of Object.entries({ ...dependencies, ...optionalDependencies }))
      follow({ name: other, version: otherVersion, folder, isOptional: other in optionalDependencies });
  };

  followFolder('services/server');
  const pages = 'services/console/web';
  for (const [name, { version }] of Object.entries(lock.importers[pages].devDependencies))
    if (!buildTools.test(name)) follow({ name, version, folder: pages, isOptional: false });
  return [...new Map([...found.values()].map((one) => [one.id, one])).values()];
}

/** Returns the folders of installed packages by name and version. */
export function installedPackages(root) {
  const store = join(root, 'node_modules', '.pnpm');
  const found = new Map();
  for (const entry of readdirSync(store)) {
    const folder = join(store, entry, 'node_modules');
    if (!existsSync(folder)) continue;
    const own = readdirSync(folder, { withFileTypes: true }).flatMap((file) => {
      if (!file.name.startsWith('@')) return file.isDirectory() ? [file.name] : [];
      // A scope: the package itself is a folder, its dependencies are links.
      return readdirSync(join(folder, file.name), { withFileTypes: true })
        .filter((scoped) => scoped.isDirectory())
        .map((scoped) => join(file.name, scoped.name));
    });
    for (const name of own) {
      const place = join(folder, name);
      if (!existsSync(join(place, 'package.json'))) continue;
      const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
      found.set(`${name}@${version}`, place);
    }
  }
  return found;
}
