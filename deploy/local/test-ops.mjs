import { fuzzApi } from '../fuzz/fuzz-api.mjs';
import { runChaosTests } from '../ops/chaos-tests.mjs';
import { runDatabaseTests } from '../ops/database-tests.mjs';
import { runExampleTests } from '../ops/example-tests.mjs';
import { runHelmTests } from '../ops/helm-tests.mjs';
import { runImageTests } from '../ops/image-tests.mjs';
import { runMonitoringTests } from '../ops/monitoring-tests.mjs';
import { runNodeTests } from '../ops/node-tests.mjs';
import { runS3Tests } from '../ops/s3-tests.mjs';
import { main, print, seconds } from './bootstrap.mjs';
import { prepare, Total } from './checks.mjs';
import { requireNode } from './machine.mjs';
import { UserError } from './options.mjs';
import { runSuite } from './suites.mjs';

const fuzzSeconds = 100;

/**
 * Suites that need more than Node, Java and Maven, or take too long for `npm test`. Each installs its requirements and
 * returns the passed and failed counts.
 */
const suites = [
  ['S3', runS3Tests],
  ['example', runExampleTests],
  ['database', runDatabaseTests],
  ['Helm', runHelmTests],
  ['image', runImageTests],
  ['monitoring', runMonitoringTests],
  ['Node.js', runNodeTests],
  ['secure', async () => await runSuite('secure')],
  // KILL_TEST_EVENTS=2000 makes its replay smaller.
  ['kill', async () => await runSuite('kill')],
  ['chaos', runChaosTests],
  // Two passes: random paths, then existing objects.
  ['fuzz', async () => await fuzzApi(['--max-time', String(fuzzSeconds)])],
];

// `npm run test:ops`: runs every suite, including those after a failure.
await main(async (handOver) => {
  requireNode();
  const total = new Total();
  const built = await prepare();
  total.add({ ...built, passed: 0 });
  handOver();
  for (const [name, run] of built.failed === 0 ? suites : []) {
    const startedMs = performance.now();
    print(`${name} tests`);
    const result = await run().catch((error) => {
      if (!(error instanceof UserError)) throw error;
      console.log(`error: ${error.message}`);
      return { passed: 0, failed: 1, failures: [`${name} tests: ${error.message}`] };
    });
    const failures = result.failed > 0 ? [`${name} tests`] : [];
    total.add({ failures, ...result });
    print(`${name} tests: ${result.passed} passed, ${result.failed} failed (${seconds(startedMs)})`);
  }
  return total.print();
});
