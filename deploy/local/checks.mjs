import { join } from 'node:path';

import { build, install, print, root, runQuietly, seconds } from './bootstrap.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

// Before the others, which read the types that it writes.
const consoleTypes = [
  'types of the console',
  process.execPath,
  [join(root, 'deploy/local/console-types.mjs')],
];
/** The other static checks, cheapest first. The typed lint takes three times as long as all others together. */
const cheapChecks = [
  ['format and style', bin('biome'), ['ci', '.']],
  ['boundaries', bin('depcruise'), ['packages', 'services', '--config', '.dependency-cruiser.cjs']],
  ['dead code', bin('knip'), []],
];
const lint = ['typed lint', process.execPath, [join(root, 'deploy', 'local', 'lint.mjs')]];

/** The totals of passed and failed checks or tests, and the names of what failed. */
export class Total {
  passed = 0;
  failed = 0;
  #failures = [];

  add({ passed, failed, failures = [] }) {
    this.passed += passed;
    this.failed += failed;
    this.#failures.push(...failures);
  }

  /** Prints the names of what failed, and `N passed, N failed` as the last line. Returns the exit code. */
  print() {
    for (const failure of this.#failures) console.log(`failed: ${failure}`);
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }
}

/** Installs and builds what has changed: one check, which all others need. */
export async function prepare() {
  try {
    await install();
    await build();
    return { passed: 1, failed: 0 };
  } catch (error) {
    console.log(error.message);
    return { passed: 0, failed: 1, failures: ['the build'] };
  }
}

/**
 * Runs every check, including those after a failure. `sideBySide` runs the typed lint in parallel with the others, for
 * an otherwise idle machine.
 */
export async function runStaticChecks({ sideBySide }) {
  const total = new Total();
  const inTurn = async (checks) => {
    for (const one of checks) total.add(await runCheck(one));
  };
  await inTurn([consoleTypes]);
  if (sideBySide) await Promise.all([inTurn([lint]), inTurn(cheapChecks)]);
  else await inTurn([...cheapChecks, lint]);
  return total;
}

async function runCheck([label, command, args]) {
  const startedMs = performance.now();
  const { code, output } = await runQuietly(command, args);
  print(`${label}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds(startedMs)})`);
  if (code !== 0) console.log(output.trim());
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, failures: [label] };
}
