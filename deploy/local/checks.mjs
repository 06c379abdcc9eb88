import { join } from 'node:path';

import { build, install, print, root, runQuietly, seconds } from './bootstrap.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** What holds without running anything, cheapest first. The typed lint takes as long as all others three times over. */
const cheapChecks = [
  ['format and style', bin('biome'), ['ci', '.']],
  ['boundaries', bin('depcruise'), ['packages', 'services', '--config', '.dependency-cruiser.cjs']],
  ['dead code', bin('knip'), []],
];
const lint = ['typed lint', process.execPath, [join(root, 'deploy', 'local', 'lint.mjs')]];

/** Passed and failed checks or tests, added up. */
export class Total {
  passed = 0;
  failed = 0;

  add({ passed, failed }) {
    this.passed += passed;
    this.failed += failed;
  }
}

/** Installs and builds what has changed: one check, that everything else needs. */
export async function prepare() {
  try {
    await install();
    await build();
    return { passed: 1, failed: 0 };
  } catch (error) {
    console.log(error.message);
    return { passed: 0, failed: 1 };
  }
}

/** Runs every check, whatever fails. `sideBySide`: the typed lint beside all others, for a machine that does nothing else. */
export async function runStaticChecks({ sideBySide }) {
  const total = new Total();
  const inTurn = async (checks) => {
    for (const one of checks) total.add(await runCheck(one));
  };
  if (sideBySide) await Promise.all([inTurn([lint]), inTurn(cheapChecks)]);
  else await inTurn([...cheapChecks, lint]);
  return total;
}

async function runCheck([label, command, args]) {
  const startedMs = performance.now();
  const { code, output } = await runQuietly(command, args);
  print(`${label}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds(startedMs)})`);
  if (code !== 0) console.log(output.trim());
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
