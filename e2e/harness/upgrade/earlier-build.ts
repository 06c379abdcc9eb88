import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type BuildFailure, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

const git = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run('git', args, { cwd: root });
  return stdout.trim();
};

const code = ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts', ':(exclude)**/*.test.ts'] as const;

// Commits that cannot be built are rare.
const maxCandidates = 5;

/**
 * Returns the commits whose services have other code than what is checked out, newest first: HEAD if files differ from it, then
 * those before each of the last changes of their code. `UPGRADE_FROM` names the only one. Empty: this clone has none, as it is
 * shallow or no clone.
 */
const earlierCommits = async (): Promise<readonly string[]> => {
  const wanted = process.env['UPGRADE_FROM'];
  if (wanted !== undefined) return [await git('rev-parse', '--verify', `${wanted}^{commit}`)];
  try {
    const isChanged = (await git('status', '--porcelain', '--', ...code)) !== '';
    const log = await git('log', `-${maxCandidates}`, '--format=%P', '--', ...code);
    const parents = log.split('\n').flatMap((line) => line.split(' ')[0] || []);
    return isChanged ? [await git('rev-parse', 'HEAD'), ...parents] : parents;
  } catch {
    return [];
  }
};

/** Writes the files of a commit to a folder. */
const checkOut = async (commit: string, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const archive = spawn('git', ['archive', commit], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const unpack = spawn('tar', ['-x', '-C', folder], { stdio: [archive.stdout, 'ignore', 'inherit'] });
  const ended = [archive, unpack].map(async (child) => (await once(child, 'exit')) as [number | null]);
  const failed = (await Promise.all(ended)).filter(([status]) => status !== 0);
  if (failed.length > 0) throw new Error(`commit ${commit} cannot be written to ${folder}`);
};

type Manifest = Readonly<{
  name: string;
  exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}>;

/** Returns the source of each export of the packages and services in a tree, such as `@tidings/kafka/testing`. */
const sourcesIn = (tree: string): ReadonlyMap<string, string> => {
  const sources = new Map<string, string>();
  for (const parent of ['packages', 'services']) {
    for (const folder of readdirSync(join(tree, parent))) {
      const home = join(tree, parent, folder);
      const { name, exports = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
      for (const [path, { '@tidings/source': source }] of Object.entries(exports)) {
        if (source !== undefined) sources.set(name + path.slice(1), join(home, source));
      }
    }
  }
  return sources;
};

/** A tree of sources, and the folder below which packages of npm, and what modules find beside themselves, have the same paths. */
type Home = Readonly<{ tree: string; home: string }>;

const inPlace = ({ tree, home }: Home): Plugin => ({
  name: 'in-place',
  setup: ({ onResolve, onLoad, resolve }) => {
    const sources = sourcesIn(tree);
    const atHome = (path: string): string => join(home, relative(tree, path));
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, pluginData }) => {
      if (pluginData === 'npm' || kind === 'entry-point' || path.startsWith('node:')) return undefined;
      const source = sources.get(path);
      if (source !== undefined) return { path: source };
      const found = await resolve(path, {
        kind,
        resolveDir: join(atHome(importer), '..'),
        pluginData: 'npm',
      });
      if (found.errors.length > 0) return { errors: found.errors };
      return { path: found.path === path ? path : pathToFileURL(found.path).href, external: true };
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(atHome(path)).href),
      ),
    }));
  },
});

const bundle = async (from: Home, outfile: string): Promise<string> => {
  await build({
    entryPoints: [join(from.tree, 'services/server/src/main.ts')],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent' },
    conditions: ['@tidings/source', 'node'],
    plugins: [inPlace(from)],
  });
  return pathToFileURL(outfile).href;
};

/** Installs the dependencies of a tree, most of which the package manager has stored. */
const install = async (tree: string): Promise<void> => {
  const { packageManager } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  const args = ['--yes', packageManager.split('+')[0] ?? 'pnpm', 'install', '--frozen-lockfile'];
  await run('npx', [...args, '--prefer-offline'], { cwd: tree, env: { ...process.env, CI: 'true' } });
};

/** A package of npm that this checkout does not have; any other cause would fail again. */
const isPackageMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'errors' in error &&
  (error as BuildFailure).errors.some(({ text }) => /^Could not resolve "[^./]/.test(text));

/**
 * Bundles the program of the services as a commit has it, in a few seconds. The packages of npm are those of this checkout where
 * it has them all, else those that the commit names.
 */
const buildCommit = async (commit: string, folder: string): Promise<string> => {
  const [tree, outfile] = [join(folder, commit), join(folder, 'services.mjs')];
  await checkOut(commit, tree);
  try {
    return await bundle({ tree, home: root }, outfile);
  } catch (error) {
    if (!isPackageMissing(error)) throw error;
    await install(tree);
    return bundle({ tree, home: tree }, outfile);
  }
};

/** The program of the services, and the commit that it was built from; null: what is checked out. */
export type EarlierBuild = Readonly<{ commit: string | null; url: string }>;

/** Builds the newest earlier commit that can be built, in a folder; what is checked out if this clone has no earlier one. */
export const buildEarlier = async (folder: string): Promise<EarlierBuild> => {
  const commits = await earlierCommits();
  const failures: unknown[] = [];
  for (const commit of commits) {
    try {
      return { commit, url: await buildCommit(commit, folder) };
    } catch (error) {
      console.warn(`commit ${commit.slice(0, 8)} cannot be built: ${String(error)}`);
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `none of ${commits.join(', ')} can be built`);
  return { commit: null, url: await bundle({ tree: root, home: root }, join(folder, 'services.mjs')) };
};
