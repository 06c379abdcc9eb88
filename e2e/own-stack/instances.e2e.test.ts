import { afterAll, beforeAll, describe, it } from 'vitest';
import {
  comeAndGo,
  describeRun,
  expectNothingLost,
  startInstances,
  startRun,
  untilAllCame,
} from '../harness/instances.ts';
import type { Tidings } from '../harness/tidings.ts';

// `npm run test:ops` has more: both numbers, of each process, and limits of endpoints.
const seed = Number(process.env['INSTANCES_TEST_SEED'] ?? Date.now() % 1_000_000);
const instances = 2 + (seed % 2);

describe(`${instances} instances of the pipeline, one of which is killed and one stopped`, () => {
  let tidings: Tidings;

  beforeAll(async () => {
    tidings = await startInstances(['--instances', `pipeline=${instances}`]);
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it('lose nothing and keep the order', async () => {
    const run = await startRun(tidings, { types: 4, perSecond: 100 });
    const done = await comeAndGo(tidings, { times: 2, seed, only: 'ingress' });
    await run.load.stop();
    await untilAllCame(run);
    console.log(`seed ${seed}, ${done.join(', ')}: ${describeRun(run)}`);
    expectNothingLost(run, done);
    await run.endpoint.close();
  });
});
