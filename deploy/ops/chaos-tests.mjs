import { join } from 'node:path';

import { print, root, runQuietly } from '../local/bootstrap.mjs';

// Kills and stops of services, a kill of a broker, wrong clocks of a service and of MongoDB, cut networks of all brokers and of all endpoints, and a
// full disk of a spool, whose ingress is stopped meanwhile: docs/reliability.md.
const seed = 4724;
const minutes = 5;
// What two cores deliver without a backlog, so that little is left when the faults end.
const eventsPerSecond = 10;
const rules = 14;

/**
 * Breaks a stack at random for five minutes and judges what became of it. Each rule that was kept counts as passed.
 * CHAOS_SEED breaks other parts.
 */
export async function runChaosTests() {
  // Who is not root fills no disk.
  const load = ['--minutes', minutes, '--rate', eventsPerSecond, '--full-disks'];
  const args = [...load, '--seed', process.env.CHAOS_SEED ?? seed];
  const { code, output } = await runQuietly(process.execPath, [
    join(root, 'chaos/dist/run/main.js'),
    ...args.map(String),
  ]);
  const lines = output.split('\n');
  const kept = lines.filter((line) => /^C\d+ +kept /.test(line)).length;
  if (code === 0 && kept === rules) return { passed: rules, failed: 0 };
  print(output);
  const violated = lines.filter((line) => /^C\d+ +(\d+ VIOLATIONS|NOTHING TO CHECK) /.test(line));
  const failures = violated.length > 0 ? violated : [`npm run chaos ended with exit code ${code}`];
  return {
    passed: kept,
    failed: failures.length,
    failures: failures.map((line) => `chaos tests: ${line}`),
  };
}
