import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installPython } from '../local/python.mjs';
import { runSuite } from '../local/suites.mjs';

const requirements = fileURLToPath(new URL('producer-requirements.txt', import.meta.url));

/**
 * Runs the tests of the project `producers`: the example of a direct producer in Python, with its Kafka client, which pip
 * installs at the first run. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runProducerTests() {
  const bin = await installPython('producer-venv', requirements);
  process.env['TEST_PYTHON'] = join(bin, 'python');
  return await runSuite('producers');
}
