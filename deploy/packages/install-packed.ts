import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The root of the repository. */
export const root = join(import.meta.dirname, '../..');
/** Runs a program and returns its output. */
export const run = promisify(execFile);
const made: string[] = [];

/** A package.json. */
export type Manifest = Readonly<Record<string, unknown>>;

/** Returns the package.json of a folder. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Returns a new folder, which {@link removeFolders} removes. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-package-'));
  made.push(folder);
  return folder;
}

/** Runs npm offline: it fails if it needs the registry. */
export async function npm(folder: string, ...args: string[]): Promise<void> {
  await run('npm', [...args, '--offline', '--no-audit', '--no-fund', '--cache', join(folder, '.npm')], {
    cwd: folder,
  });
}

/** Packs a package as `pnpm publish` does, and returns the file. */
export async function pack(name: string): Promise<string> {
  const pnpm = String(readManifest(root)['packageManager']).split('+')[0] ?? '';
  const args = ['--yes', pnpm, 'pack', '--pack-destination', aFolder(), '--json'];
  const { stdout } = await run('npx', args, { cwd: join(root, 'packages', name) });
  return (JSON.parse(stdout.slice(stdout.indexOf('{'))) as { filename: string }).filename;
}

/** Returns a folder in which files of {@link pack} are installed. */
export async function anInstalled(...tarballs: readonly string[]): Promise<string> {
  const folder = aFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await npm(folder, 'install', ...tarballs);
  return folder;
}

/**
 * Returns a folder with an unpacked file of {@link pack}, beside what is installed here of its dependencies: an empty folder
 * cannot have those without a registry.
 */
export async function anUnpacked(name: string, tarball: string): Promise<string> {
  const folder = aFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const target = join(folder, 'node_modules/@tidings', name);
  mkdirSync(target, { recursive: true });
  await run('tar', ['xzf', tarball, '--strip-components=1', '-C', target]);
  const from = join(root, 'packages', name, 'node_modules');
  for (const dependency of Object.keys(readManifest(target)['dependencies'] ?? {})) {
    const link = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(from, dependency)), link);
  }
  return folder;
}

/** Returns a folder in which a file of {@link pack} is installed, with its dependencies from the registry. */
export async function anInstalledOnline(tarball: string): Promise<string> {
  const folder = aFolder();
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await run('npm', ['install', tarball, '--no-audit', '--no-fund'], { cwd: folder });
  return folder;
}

/** A program that uses `@tidings/chains` without brokers, and prints `true`. */
export const chainsProgram = `
import { batch, chain, createWorker, NonRetriableError, step } from '@tidings/chains';

const worker = createWorker({ brokers: ['127.0.0.1:9'], app: 'shop', signals: false });
const mark = step('mark', { tries: 2, backoff: [1] }, async (order) => ({ order: order.id }));
const bill = step('bill', {}, async () => { throw new NonRetriableError('no'); });
worker.on('order.paid', chain([mark, batch([bill], { allowFailures: true })]));
console.log(typeof (await worker.metrics()) === 'string');
`;

/** Removes every folder that was made. */
export function removeFolders(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}
