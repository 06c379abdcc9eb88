import { main } from './bootstrap.mjs';
import { prepare, runStaticChecks, Total } from './checks.mjs';
import { requireNode } from './machine.mjs';

// `npm run check`: every check that runs no test.
await main(async () => {
  requireNode();
  const total = new Total();
  total.add(await prepare());
  if (total.failed === 0) total.add(await runStaticChecks({ sideBySide: true }));
  return total.print();
});
