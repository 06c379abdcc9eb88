import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, install, main, root, runQuietly, say, seconds } from './bootstrap.mjs';
import { requireJavaAndMaven, requireNode } from './machine.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

const staticChecks = [
  ['format and style', bin('biome'), ['ci', '.']],
  ['typed lint', bin('eslint'), ['.']],
  ['boundaries', bin('depcruise'), ['packages', 'services', '--config', '.dependency-cruiser.cjs']],
  ['dead code', bin('knip'), []],
];
const suites = ['unit', 'int', 'e2e'];

/** `npm test`: everything, in order, whatever fails on the way; only a build that fails ends it early. */
await main(async () => {
  requireNode();
  requireJavaAndMaven(dirname(fileURLToPath(import.meta.url)));
  const total = { passed: 0, failed: 0 };
  const count = ({ passed, failed }) => {
    total.passed += passed;
    total.failed += failed;
  };
  const isBuilt = await prepare();
  count(isBuilt ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  if (isBuilt) {
    for (const [label, command, args] of staticChecks) count(await check(label, command, args));
    for (const suite of suites) count(await runSuite(suite));
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});

async function prepare() {
  try {
    await install();
    await build();
    return true;
  } catch (error) {
    console.log(error.message);
    return false;
  }
}

async function check(label, command, args) {
  const startedMs = performance.now();
  const { code, output } = await runQuietly(command, args);
  say(`${label}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds(startedMs)})`);
  if (code !== 0) console.log(output.trim());
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A suite that ends without a report (it crashed, or its set-up failed) counts as one failure. */
async function runSuite(suite) {
  const startedMs = performance.now();
  say(`${suite} tests`);
  const folder = mkdtempSync(join(tmpdir(), 'tidings-report-'));
  const report = join(folder, 'report.json');
  try {
    const args = [
      ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', suite],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ];
    const { code } = await runQuietly(process.execPath, args, {
      onOutput: (chunk) => process.stdout.write(chunk),
    });
    const result = readReport(report);
    if (code !== 0 && result.failed === 0) result.failed = 1;
    say(`${suite} tests: ${result.passed} passed, ${result.failed} failed (${seconds(startedMs)})`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that fails to load has no tests of its own, so failed files without a failed test are counted too. */
function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // No report at all: the caller sees the exit code and prints what was said.
    return { passed: 0, failed: 0 };
  }
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}
