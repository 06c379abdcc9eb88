import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { print, root, runQuietly, seconds } from './bootstrap.mjs';

/**
 * Runs a project of vitest.config.ts. A suite that ends without a report (crash, failed set-up) counts as one failure.
 * `isShownAtEnd` buffers the output until the suite has ended, for a suite that runs in parallel with another.
 */
export async function runSuite(suite, { isShownAtEnd = false } = {}) {
  const startedMs = performance.now();
  print(`${suite} tests`);
  const folder = mkdtempSync(join(tmpdir(), 'tidings-report-'));
  const report = join(folder, 'report.json');
  // A signal ends the process without the `finally` below.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    const args = [
      ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', suite],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ];
    const show = (chunk) => process.stdout.write(chunk);
    const { code, output } = await runQuietly(process.execPath, args, isShownAtEnd ? {} : { onOutput: show });
    if (isShownAtEnd) show(output);
    const result = readReport(report);
    if (code !== 0 && result.failed === 0) {
      result.failed = 1;
      result.failures.push(`${suite} tests: exit code ${code}`);
    }
    print(`${suite} tests: ${result.passed} passed, ${result.failed} failed (${seconds(startedMs)})`);
    return result;
  } finally {
    process.removeListener('exit', removeFolder);
    removeFolder();
  }
}

/** A file that fails to load reports no tests, so failed files without a failed test are counted too. */
function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // No report exists: the caller uses the exit code and prints the output.
    return { passed: 0, failed: 0, failures: [] };
  }
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failedTests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${relative(root, name)} > ${fullName}`),
  );
  const failures = [...failedTests, ...brokenFiles.map(({ name }) => relative(root, name))];
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length, failures };
}
