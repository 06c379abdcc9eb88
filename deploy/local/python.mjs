import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { mustRun, print, root } from './bootstrap.mjs';
import { UserError } from './options.mjs';

/**
 * Installs Python packages, each by its hash, into .tidings/<name>; does nothing if they are there. Returns the folder
 * of their programs.
 * @param {string} name
 * @param {string} requirements a requirements file with hashes
 * @returns {Promise<string>}
 */
export async function installPython(name, requirements) {
  const python = findPython();
  const venv = join(root, '.tidings', name);
  const marker = join(venv, '.installed');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return join(venv, 'bin');
  print(`installing Python packages into .tidings/${name}`);
  rmSync(venv, { recursive: true, force: true });
  await mustRun(python, ['-m', 'venv', venv]);
  await mustRun(join(venv, 'bin', 'pip'), [
    ...['install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'],
    ...['-r', requirements],
  ]);
  writeFileSync(marker, wanted);
  return join(venv, 'bin');
}

function findPython() {
  for (const name of ['python3', 'python']) {
    const { status, stdout } = spawnSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 10))'], {
      encoding: 'utf8',
    });
    if (status === 0 && stdout.trim() === 'True') return name;
  }
  throw new UserError('Python 3.10 or newer was not found. Install it (with venv).');
}
