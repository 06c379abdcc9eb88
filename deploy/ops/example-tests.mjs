import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { mustRun, root } from '../local/bootstrap.mjs';
import { installPython } from '../local/python.mjs';
import { runSuite } from '../local/suites.mjs';
import { installDebian } from './install-debian.mjs';

const requirements = fileURLToPath(new URL('example-requirements.txt', import.meta.url));

/**
 * Runs the tests of the project `examples`: the direct producer in Python with its Kafka client, and the receivers in
 * Python, PHP and Go. Installs what is missing at the first run. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runExampleTests() {
  const [bin] = await Promise.all([
    installPython('example-venv', requirements),
    // One after the other: apt-get runs once at a time.
    installPrograms().then(buildGoReceiver),
  ]);
  process.env['TEST_PYTHON'] = join(bin, 'python');
  process.env['TEST_PHP'] = 'php';
  return await runSuite('examples');
}

const needed = [
  { name: 'PHP 8.1', program: 'php', args: ['--version'], apt: 'php-cli' },
  { name: 'Go 1.19', program: 'go', args: ['version'], apt: 'golang-go' },
];

const installPrograms = async () =>
  await installDebian(needed.filter(({ program, args }) => spawnSync(program, args).status !== 0));

async function buildGoReceiver() {
  const folder = join(root, '.tidings', 'examples');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'go-receiver');
  await mustRun('sh', ['-c', 'cd examples/receivers/go && go build -o "$0" .', program]);
  process.env['TEST_GO_RECEIVER'] = program;
}
