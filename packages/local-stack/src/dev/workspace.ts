import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * A package or service of the repository. The names are those in package.json, the folder is relative to the
 * repository.
 */
export type Member = Readonly<{
  name: string;
  folder: string;
  /** Its dependencies within the repository; development dependencies are not part of a running service. */
  dependencies: readonly string[];
}>;

const groups = ['packages', 'services'];
// The program that runs every service; it depends on all of them, and they do not depend on it.
const serverFolder = 'services/server';

/** Reads the package.json of every package and service below `root`. */
export function readWorkspace(root: string): readonly Member[] {
  return groups.flatMap((group) =>
    readdirSync(join(root, group))
      .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
      .map((folder) => readMember(root, join(group, folder))),
  );
}

function readMember(root: string, folder: string): Member {
  const { name, dependencies = {} } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  ) as Readonly<{ name: string; dependencies?: Readonly<Record<string, string>> }>;
  const own = Object.keys(dependencies).filter((one) => dependencies[one]?.startsWith('workspace:'));
  return { name, folder: folder.split(sep).join('/'), dependencies: own };
}

/** Returns true for a file that a running service can have loaded: below a `src` folder, and no test. */
export function isSource(root: string, file: string): boolean {
  const path = relative(root, file).split(sep).join('/');
  return /^(packages|services)\/[^/]+\/src\//.test(path) && !/\.test\.ts$/.test(path);
}

/**
 * Returns the services affected by changed files, by the names of their folders: those whose own source changed, and
 * those that depend on a changed package, directly or transitively; all of them if the program that runs them changed.
 */
export function servicesAffectedBy(
  files: readonly string[],
  { root, members }: Readonly<{ root: string; members: readonly Member[] }>,
): readonly string[] {
  const paths = files.filter((file) => isSource(root, file)).map((file) => relative(root, file));
  const changed = members.filter(({ folder }) =>
    paths.some((path) => path.split(sep).join('/').startsWith(`${folder}/`)),
  );
  const affected = new Set(changed.map(({ name }) => name));
  for (let before = -1; before !== affected.size; ) {
    before = affected.size;
    for (const { name, dependencies } of members) {
      if (dependencies.some((dependency) => affected.has(dependency))) affected.add(name);
    }
  }
  const isServerChanged = changed.some(({ folder }) => folder === serverFolder);
  return members
    .filter(({ folder }) => folder.startsWith('services/') && folder !== serverFolder)
    .filter(({ name }) => isServerChanged || affected.has(name))
    .map(({ folder }) => folder.slice('services/'.length));
}
