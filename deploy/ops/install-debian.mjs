import { spawnSync } from 'node:child_process';

import { print, runQuietly } from '../local/bootstrap.mjs';
import { UserError } from '../local/options.mjs';

/**
 * Installs packages by apt-get: it needs Debian or Ubuntu, and root. None of them starts a service of its own.
 * @param {readonly Readonly<{ name: string, apt: string }>[]} missing programs, and the packages that contain them
 */
export async function installDebian(missing) {
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' and ');
  if (spawnSync('apt-get', ['--version']).status !== 0 || process.getuid?.() !== 0)
    throw new UserError(
      `${names} or newer not found. Install them, or run this as root on Debian or Ubuntu.`,
    );
  print(`installing ${names}`);
  await aptGet('update', '-qq');
  await aptGet('install', '-qq', '--no-install-recommends', ...missing.map(({ apt }) => apt));
}

async function aptGet(...args) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { code, output } = await runQuietly('apt-get', args, { env });
  if (code !== 0) throw new UserError(`apt-get ${args.join(' ')} failed:\n${output.trim().slice(-2_000)}`);
}
