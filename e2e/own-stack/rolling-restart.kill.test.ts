import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bounce,
  describeRun,
  processesOf,
  startInstances,
  startRun,
  untilAllCame,
} from '../harness/instances.ts';
import type { Tidings } from '../harness/tidings.ts';

const perSecond = Number(process.env['RESTART_TEST_RATE'] ?? 300);

describe(`a restart of every process in turn, at ${perSecond} events a second`, () => {
  let tidings: Tidings;

  beforeAll(async () => {
    tidings = await startInstances(['--instances', '2']);
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it('fails no request at the console, loses nothing and keeps the order', async () => {
    const run = await startRun(tidings, { types: 12, perSecond });
    // The console is a single one here: its clients would need a load balancer before two.
    const names = (await processesOf(tidings)).filter((name) => !name.startsWith('console'));
    expect(names).toHaveLength(4);
    for (const name of names) await bounce(tidings, name, 'SIGTERM');
    await run.load.stop();
    await untilAllCame(run);
    console.log(`rolling restart of ${names.length} processes: ${describeRun(run)}`);
    // A broker that is short of CPU time may confirm late, whoever restarts: ingress says so.
    const late = run.load.failures.filter((failure) => failure.includes('did not confirm'));
    console.log(`${late.length} requests failed since the log confirmed late`);
    expect(run.load.failures.filter((failure) => !late.includes(failure))).toEqual([]);
    expect(run.endpoint.orderBreaks(run.paths)).toEqual([]);
    expect(run.endpoint.duplicates(run.paths)).toBe(0);
    await run.endpoint.close();
  });
});
