import { build, install, main, print } from '../local/bootstrap.mjs';
import { requireNode } from '../local/machine.mjs';
import { fuzzApi } from './fuzz-api.mjs';

// `npm run test:fuzz`: fuzzes the API. Arguments are passed to schemathesis.
await main(async (handOver) => {
  requireNode();
  await install();
  await build();
  handOver();
  const { passed, failed } = await fuzzApi(process.argv.slice(2));
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
