import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiOf } from '../harness/api.ts';
import {
  bounce,
  describeRun,
  processesOf,
  startInstances,
  startRun,
  untilAllCame,
} from '../harness/instances.ts';
import type { Tidings } from '../harness/tidings.ts';
import { type BuildName, openTwoBuilds, type TwoBuilds } from '../harness/upgrade/two-builds.ts';

const perSecond = Number(process.env['RESTART_TEST_RATE'] ?? 300);

describe(`every process in turn replaced by another build, at ${perSecond} events a second`, () => {
  let builds: TwoBuilds;
  let tidings: Tidings;

  beforeAll(async () => {
    builds = await openTwoBuilds();
    tidings = await startInstances(['--instances', '2'], builds.env);
  });
  afterAll(async () => {
    await tidings?.stop();
    await builds?.remove();
  });

  const buildsOf = async (names: readonly string[]): Promise<readonly BuildName[]> => {
    const { pids } = await tidings.local();
    return Promise.all(names.map(async (name) => builds.runBy(pids[name] ?? 0)));
  };

  it('fails no request at the console, loses nothing and keeps the order, forward and back', async () => {
    // The console is a single one here: its clients would need a load balancer before two.
    const names = (await processesOf(tidings)).filter((name) => !name.startsWith('console'));
    expect(names).toHaveLength(4);
    const [first = ''] = names;
    expect(new Set(await buildsOf(names))).toEqual(new Set(['earlier']));
    const run = await startRun(tidings, { types: 12, perSecond });

    await builds.choose('present');
    for (const name of names) await bounce(tidings, name, 'SIGTERM');
    expect(new Set(await buildsOf(names))).toEqual(new Set(['present']));
    // Back, beside the present build: the earlier one reads what that has written.
    await builds.choose('earlier');
    await bounce(tidings, first, 'SIGTERM');
    expect(await buildsOf([first])).toEqual(['earlier']);

    await run.load.stop();
    await untilAllCame(run);
    console.log(`${builds.description}; ${names.length + 1} processes replaced: ${describeRun(run)}`);
    // A broker that is short of CPU time may confirm late, whoever restarts: ingress says so.
    const late = run.load.failures.filter((failure) => failure.includes('did not confirm'));
    console.log(`${late.length} requests failed since the log confirmed late`);
    expect(run.load.failures.filter((failure) => !late.includes(failure))).toEqual([]);
    expect(run.endpoint.orderBreaks(run.paths)).toEqual([]);
    expect(run.endpoint.duplicates(run.paths)).toBe(0);
    // A record that one build cannot read is a dead letter.
    const { body } = await apiOf(await tidings.local()).request('GET', '/v1/webhooks/dead-letters');
    expect(body).toMatchObject({ data: [] });
    await run.endpoint.close();
  });
});
