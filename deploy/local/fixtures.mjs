import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checksumsOf } from '../formats/checksums.mjs';
import { install, main, print, root } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';
import { UserError } from './options.mjs';

// `npm run fixtures`: records what this version writes to Kafka and MongoDB, as far as it differs from the newest release.
// `npm run fixtures -- --release 0.2.0`: makes it the folder of a release, which never changes again.

const fixtures = join(root, 'deploy', 'formats', 'fixtures');
const next = join(fixtures, 'next');
const checksumFile = join(fixtures, 'checksums.json');

const releaseOf = ([option, version, ...more]) => {
  if (option === undefined) return null;
  if (option !== '--release' || !/^\d+\.\d+\.\d+$/.test(version ?? '') || more.length > 0) {
    throw new UserError(
      `expected no argument or '--release 0.2.0', got '${process.argv.slice(2).join(' ')}'`,
    );
  }
  return version;
};

const write = async () => {
  rmSync(next, { recursive: true, force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', 'deploy/formats'];
  const env = { ...process.env, FIXTURES: 'write' };
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
};

const refuseKnown = (version) => {
  if (existsSync(join(fixtures, version))) {
    throw new UserError(`version ${version} has fixtures, which never change: name the next version`);
  }
};

/** Makes a folder of a release: the files of the one before it, and those that have changed since. */
const release = (version) => {
  const checksums = JSON.parse(readFileSync(checksumFile, 'utf8'));
  const folder = join(fixtures, version);
  const newest = Object.keys(checksums).at(-1);
  if (newest !== undefined) cpSync(join(fixtures, newest), folder, { recursive: true });
  if (existsSync(next)) cpSync(next, folder, { recursive: true });
  rmSync(next, { recursive: true, force: true });
  checksums[version] = checksumsOf(folder);
  writeFileSync(checksumFile, `${JSON.stringify(checksums, null, 2)}\n`);
  print(`deploy/formats/fixtures/${version} has the fixtures of version ${version}`);
};

await main(async (handOver) => {
  requireNode();
  const version = releaseOf(process.argv.slice(2));
  if (version !== null) refuseKnown(version);
  await install();
  handOver();
  const code = await write();
  if (code === 0 && version !== null) release(version);
  return code;
});
