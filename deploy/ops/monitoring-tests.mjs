import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { print, root, runQuietly } from '../local/bootstrap.mjs';
import { runSuite } from '../local/suites.mjs';
import { installDebian } from './install-debian.mjs';

const needed = [
  // Brings promtool.
  { name: 'Prometheus 2.42', program: 'prometheus', args: ['--version'], apt: 'prometheus' },
  { name: 'Alertmanager 0.25', program: 'amtool', args: ['--version'], apt: 'prometheus-alertmanager' },
];

const folder = join(root, 'deploy', 'prometheus');
const filesIn = (name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file));

const checks = [
  ['rules', 'promtool', ['check', 'rules', ...filesIn('rules')]],
  ...filesIn('tests').map((file) => [file.slice(root.length), 'promtool', ['test', 'rules', file]]),
  ['alertmanager.yml', 'amtool', ['check-config', join(folder, 'alertmanager.yml')]],
];

/** Runs the checks of the rules. Each counts as one test. */
async function checkRules() {
  const failures = [];
  for (const [name, program, args] of checks) {
    const { code, output } = await runQuietly(program, args);
    if (code === 0) continue;
    console.log(output);
    failures.push(`${program}: ${name}`);
  }
  print(`rules: ${checks.length - failures.length} passed, ${failures.length} failed`);
  return { passed: checks.length - failures.length, failed: failures.length, failures };
}

/**
 * Checks and tests the rules of Prometheus with promtool, then runs the project `monitoring`: every query of the
 * dashboards on a Prometheus that watches a stack under load. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number, failures: string[] }>}
 */
export async function runMonitoringTests() {
  await installDebian(needed.filter(({ program, args }) => spawnSync(program, args).status !== 0));
  const rules = await checkRules();
  const suite = await runSuite('monitoring');
  return {
    passed: rules.passed + suite.passed,
    failed: rules.failed + suite.failed,
    failures: [...rules.failures, ...suite.failures],
  };
}
