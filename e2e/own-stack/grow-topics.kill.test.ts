import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeRun, startRun, untilAllCame } from '../harness/instances.ts';
import { freePortBase, startTidings, type Tidings } from '../harness/tidings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const perSecond = 60;
const events = 600;

let dataDir: string;
let portBase: number;
let tidings: Tidings | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidings-grow-'));
  portBase = await freePortBase();
});
afterAll(async () => {
  await tidings?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const start = async (...args: readonly string[]): Promise<Tidings> => {
  tidings = await startTidings({ dataDir, portBase, args: ['--no-demo', ...args] });
  return tidings;
};

const stop = async (): Promise<void> => {
  await tidings?.stop();
  tidings = undefined;
};

type Outcome = Readonly<{
  code: number;
  result: Readonly<{ counts: Readonly<Record<string, number>>; refusals: readonly string[] }>;
}>;

/** Runs `topics:grow` against the stack. */
async function grow(brokers: string, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, KAFKA_BROKERS: brokers };
  const command = [join(root, 'deploy', 'grow-topics.mjs'), '--json', ...args];
  const run = promisify(execFile)(process.execPath, command, { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: Readonly<{ code: number; stdout: string }>) => ({ code, stdout }),
  );
  const { code, stdout } = await run;
  return { code, result: JSON.parse(stdout) as Outcome['result'] };
}

/** Publishes events by key, and returns what has come of them. */
async function publishSome(stack: Tidings): Promise<void> {
  const run = await startRun(stack, { types: 4, perSecond });
  await expect.poll(() => run.load.total(), { timeout: 120_000 }).toBeGreaterThan(events);
  await run.load.stop();
  await untilAllCame(run);
  console.log(describeRun(run));
  expect(run.load.failures).toEqual([]);
  expect(run.endpoint.orderBreaks(run.paths)).toEqual([]);
  await run.endpoint.close();
}

it('adds partitions to topics of a stopped system, between events that all come in their order', async () => {
  const stack = await start();
  await publishSome(stack);
  const { brokers } = await stack.local();
  const refused = await grow(brokers, '--deliveries', '24');
  expect(refused.code).toBe(1);
  expect(refused.result.refusals).toContain(
    'group tidings-fanout has 1 members: stop the service that reads it',
  );
  await stop();

  await start('--only-stack');
  const counts = {
    'tidings.deliveries': 24,
    'tidings.attempts': 24,
    'tidings.holds': 24,
    'tidings.superseded-commands': 24,
    'tidings.events': 16,
    'tidings.received-ids': 16,
  };
  // A process that was stopped has left its groups.
  const wanted = ['--deliveries', '24', '--events', '16', '--wait', '60'];
  expect(await grow(brokers, '--dry-run', ...wanted)).toMatchObject({ code: 0, result: { counts } });
  expect(await grow(brokers, ...wanted)).toMatchObject({ code: 0, result: { counts, refusals: [] } });
  expect((await grow(brokers, ...wanted)).result.counts).toEqual({});
  await stop();

  await publishSome(await start());
});
