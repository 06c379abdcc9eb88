import { join } from 'node:path';

import { root, runQuietly } from '../local/bootstrap.mjs';

const minutes = process.env.CHAOS_MINUTES ?? '5';
const verdict = /^(C\d+) +(kept|NOTHING TO CHECK|\d+ VIOLATIONS) +(.*)$/gm;

/**
 * Runs the chaos suite once, with a seed that it draws and prints. Each rule counts as one test.
 * @returns {Promise<{ passed: number, failed: number, failures: string[] }>}
 */
export async function runChaosTests() {
  const args = [join(root, 'chaos/dist/run/main.js'), '--minutes', minutes];
  const { code, output } = await runQuietly(process.execPath, args, {
    onOutput: (text) => process.stdout.write(text),
  });
  const rules = [...output.matchAll(verdict)];
  const broken = rules.filter(([, , result]) => result !== 'kept');
  const failures = broken.map(([, id, result, title]) => `chaos: ${id} ${title}: ${result}`);
  if (code !== 0 && failures.length === 0) failures.push(`chaos: exit code ${code}`);
  return { passed: rules.length - broken.length, failed: failures.length, failures };
}
