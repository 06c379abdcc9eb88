import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Removes every folder that was made. */
export function removeFolders(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}
