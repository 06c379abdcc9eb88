import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { main } from './bootstrap.mjs';
import { prepare, runStaticChecks, Total } from './checks.mjs';
import { requireJavaAndMaven, requireNode } from './machine.mjs';
import { runSuite } from './suites.mjs';

/**
 * `npm test`: runs everything that needs only Node, Java and Maven, including suites after a failure; only a failed
 * build ends it early. The integration tests and many unit tests wait more than they compute, so these and the static
 * checks run in parallel. The end-to-end tests of the shared stack run after them, beside those with stacks of their own,
 * which mostly wait for processes that start or were killed.
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
    const shared = async () => total.add(await runSuite('e2e', { isShownAtEnd: true }));
    const ownStacks = async () => total.add(await runSuite('own-stack'));
    await Promise.all([shared(), ownStacks()]);
  }
  return total.print();
});
