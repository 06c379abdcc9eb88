import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { main } from './bootstrap.mjs';
import { prepare, runStaticChecks, Total } from './checks.mjs';
import { requireJavaAndMaven, requireNode } from './machine.mjs';
import { runSuite } from './suites.mjs';

/**
 * `npm test`: runs everything that needs only Node, Java and Maven, including suites after a failure; only a failed
 * build ends it early. The integration tests and many unit tests wait more than they compute, so these and the static
 * checks run in parallel. The end-to-end tests kill parts of a whole system under load and run alone.
 */
await main(async () => {
  requireNode();
  requireJavaAndMaven(dirname(fileURLToPath(import.meta.url)));
  const total = new Total();
  total.add(await prepare());
  if (total.failed === 0) {
    const checks = async () => total.add(await runStaticChecks({ sideBySide: false }));
    const units = async () => {
      for (const suite of ['unit', 'slow']) total.add(await runSuite(suite, { isShownAtEnd: true }));
    };
    const integration = async () => total.add(await runSuite('int'));
    await Promise.all([checks(), units(), integration()]);
    total.add(await runSuite('e2e'));
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});
