import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  comeAndGo,
  describeRun,
  expectNothingLost,
  startInstances,
  startRun,
  untilAllCame,
} from '../harness/instances.ts';
import type { Tidings } from '../harness/tidings.ts';

const perSecond = Number(process.env['INSTANCES_TEST_RATE'] ?? 100);
const seed = Number(process.env['INSTANCES_TEST_SEED'] ?? Date.now() % 1_000_000);

// One request each second, one at a time; and one that always fails, whose circuit breaker opens.
const limited = {
  rated: { status: 204, tookMs: 0, settings: { rate_limit: { per_second: 1, burst: 1 } } },
  capped: { status: 204, tookMs: 400, settings: { max_in_flight: 2 } },
  broken: { status: 500, tookMs: 0, settings: {} },
};

describe.each([
  { instances: 2, brokers: 1 },
  { instances: 3, brokers: 3 },
])('$instances instances of each process on $brokers brokers, killed and stopped in turn', (size) => {
  let tidings: Tidings;

  beforeAll(async () => {
    const args = ['--instances', String(size.instances), '--brokers', String(size.brokers)];
    tidings = await startInstances(args);
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it('lose nothing, keep the order, and keep the limits of endpoints in all', async () => {
    const run = await startRun(tidings, { types: 6, perSecond, limited });
    const beganMs = Date.now();
    const done = await comeAndGo(tidings, { times: 6, seed });
    const seconds = (Date.now() - beganMs) / 1_000;
    await run.load.stop();
    await untilAllCame(run);
    console.log(`seed ${seed}, ${done.join(', ')}: ${describeRun(run)}`);
    expectNothingLost(run, done);

    const { endpoint } = run;
    const received = (path: string): number => endpoint.receipts.filter((one) => one.path === path).length;
    const limits = `${received('/rated')} at 1 a second in ${seconds.toFixed(0)} s, at most ${endpoint.mostAtOnce('/capped')} of 2 at once, ${received('/broken')} at the broken one`;
    console.log(limits);
    // A new owner begins with a full bucket and a closed breaker: a burst, or five failures of ten in flight, for each hand-over.
    const handOvers = 2 * done.length + 1;
    expect(received('/rated')).toBeLessThan(seconds * 1.5 + 2 * handOvers);
    expect(endpoint.mostAtOnce('/capped')).toBeLessThanOrEqual(2);
    expect(received('/broken')).toBeLessThan(20 * handOvers + seconds / 2);
    await endpoint.close();
  });
});
