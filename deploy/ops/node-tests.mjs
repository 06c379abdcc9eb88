import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { print, root } from '../local/bootstrap.mjs';
import { UserError } from '../local/options.mjs';
import { runSuite } from '../local/suites.mjs';
import { installNpm } from './install-npm.mjs';

/** Releases of Node.js besides the one that runs this. */
const versions = ['22.23.5', '24.22.3'];

/**
 * Runs the tests of the project `nodes`: the packed SDK with other releases of Node.js, which npm installs at the first
 * run. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runNodeTests() {
  const programs = [process.execPath];
  for (const version of versions) programs.push(await installNode(version));
  process.env['TEST_NODES'] = programs.join(',');
  return await runSuite('nodes');
}

/** Installs a release from npm, whose package contains the program of one platform, and returns its path. */
async function installNode(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, '.tidings', `node-${version}`);
  const program = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(program)) return program;
  if (process.platform === 'win32')
    throw new UserError('The tests with several releases of Node.js need Linux or macOS.');
  print(`installing Node.js ${version}`);
  await installNpm(folder, [`${name}@${version}`]);
  return program;
}
