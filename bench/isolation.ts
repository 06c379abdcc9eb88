import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flood, paced, type Target } from './load.ts';
import { type Spread, spreadOf } from './percentiles.ts';
import { usageOfAll } from './process-usage.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:isolation -- [options]
50 healthy endpoints at 4 events a second each, alone and beside slow or failing neighbours: prints the latencies of both.
  --only TEXT      only neighbours whose name contains TEXT (the baseline always runs)
  --seconds N      how long each case runs (default 30: 6,000 healthy webhooks; all of them then take about eight minutes)
  --out FILE       where to write the JSON (default bench/results/isolation.json)
  --separate       each service in a process of its own
  --together       one process for all services (default: two, the pipeline and the management)
  --port-base N    first port of the stack (default 27400)`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '30' },
    out: { type: 'string', default: join(root, 'bench/results/isolation.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const healthy = 50;
const perHealthy = 4;
const seconds = Number(values.seconds);

/** A set of failing endpoints that runs beside the healthy ones, and the events sent to it. */
type Neighbour = Readonly<{
  name: string;
  /** A control case: its endpoints are healthy, it serves for comparison, and it has no goal. */
  isControl?: true;
  /** Subscribes the failing endpoints and starts their load; resolves when the healthy load can be measured. */
  prepare(stack: BenchStack, receiver: ReceiverProcess): Promise<void>;
  /** Sends events for the failing endpoints while the healthy ones are measured. */
  load?(target: Target): Promise<unknown>;
}>;

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Creates the subscriptions, ten at a time. */
const subscribeAll = async (
  stack: BenchStack,
  count: number,
  settingsOf: (at: number) => Readonly<Record<string, unknown>>,
): Promise<void> => {
  for (let from = 0; from < count; from += 10) {
    const batch = Array.from({ length: Math.min(10, count - from) }, (_, at) => settingsOf(from + at));
    await Promise.all(batch.map((settings) => stack.subscribe(settings)));
  }
};

const hanging = (name: string, count: number, perSecond: number): Neighbour => ({
  name,
  prepare: async (stack, receiver) => {
    await subscribeAll(stack, count, (i) => ({
      endpoint_url: receiver.url('/hang'),
      events: [`hang${count}.e${i}`],
      timeout_seconds: 8,
    }));
  },
  load: (target) => paced({ target, typeOf: (i) => `hang${count}.e${i % count}`, perSecond, seconds }),
});

const twoHundred = (
  state: 'alive' | 'dead',
  endpoint: (receiver: ReceiverProcess) => Promise<string>,
): Neighbour => ({
  name: `200 of 250 ${state}`,
  prepare: async (stack, receiver) => {
    const endpointUrl = await endpoint(receiver);
    await subscribeAll(stack, 200, (i) => ({ endpoint_url: endpointUrl, events: [`${state}.e${i}`] }));
  },
  load: (target) => paced({ target, typeOf: (i) => `${state}.e${i % 200}`, perSecond: 200, seconds }),
});

const neighbours: readonly Neighbour[] = [
  hanging('1 that hangs', 1, 100),
  hanging('10 that hang', 10, 100),
  {
    name: '1 with 20,000 waiting',
    prepare: async (stack, receiver) => {
      await stack.subscribe({ endpoint_url: receiver.url('/slow'), events: ['backlog.e'], max_in_flight: 1 });
      await flood({ target: stack.target, type: 'backlog.e', count: 20_000, concurrency: 64 });
    },
  },
  // The same load as the dead endpoints receive: separates the cost of a second load from the cost of failures.
  { ...twoHundred('alive', async (receiver) => receiver.url('/others')), isControl: true },
  twoHundred('dead', async () => `http://127.0.0.1:${await closedPort()}/dead`),
];

type Case = Readonly<{
  name: string;
  expected: number;
  received: number;
  endToEndMs: Spread;
  /**
   * CPU milliseconds per second of each process during the measurement: separates a saturated machine from a blocked
   * queue.
   */
  cpuMsPerSecond: Readonly<Record<string, number>>;
}>;

// A cold stack uses twice the CPU of a warm one, which would distort the comparison.
const warmUpSeconds = 25;
const settleMs = 3_000;

const runHealthy = async (
  stack: BenchStack,
  receiver: ReceiverProcess,
  beside?: Neighbour,
): Promise<Case> => {
  await receiver.take();
  const load = { target: stack.target, typeOf: (i: number) => `healthy.e${i % healthy}` };
  const before = await usageOfAll(stack.processes);
  const [, result] = await Promise.all([
    beside?.load?.(stack.target),
    paced({ ...load, perSecond: healthy * perHealthy, seconds }),
  ]);
  const after = await usageOfAll(stack.processes);
  const usedBy = (name: string): number => (after[name]?.cpuMs ?? 0) - (before[name]?.cpuMs ?? 0);
  const expected = result.acceptMs.length;
  const deadline = performance.now() + 60_000;
  while ((await receiver.count()) < expected && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const taken = await receiver.take();
  return {
    name: beside?.name ?? 'alone',
    expected,
    received: taken.received,
    endToEndMs: spreadOf(taken.latencies),
    cpuMsPerSecond: Object.fromEntries(
      Object.keys(stack.processes).map((name) => [name, Math.round(usedBy(name) / seconds)]),
    ),
  };
};

// Each case runs on its own stack, so that the backlog of one neighbour does not count against the next.
const runCase = async (neighbour?: Neighbour): Promise<Case> => {
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
  });
  const receiver = await startReceiverProcess();
  try {
    await subscribeAll(stack, healthy, (i) => ({
      endpoint_url: receiver.url(`/hook/${i}`),
      events: [`healthy.e${i}`],
    }));
    await neighbour?.prepare(stack, receiver);
    await paced({
      target: stack.target,
      typeOf: (i) => `healthy.e${i % healthy}`,
      perSecond: 200,
      seconds: warmUpSeconds,
    });
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return await runHealthy(stack, receiver, neighbour);
  } finally {
    receiver.stop();
    await stack.stop();
  }
};

// The goal: an endpoint of one subscription does not delay the webhooks of another.
const goal = { timesAlone: 2, p99Ms: 250 } as const;

const printable = (cases: readonly Case[]): string => {
  const [alone] = cases;
  const rows = cases.map(({ name, expected, received, endToEndMs: ms }) => {
    const ratio = ms.p99 / Math.max(0.1, alone?.endToEndMs.p99 ?? 0);
    const isMet = ratio <= goal.timesAlone && ms.p99 <= goal.p99Ms && received >= expected;
    const isChecked = neighbours.some((neighbour) => neighbour.name === name && neighbour.isControl !== true);
    const result = isChecked ? (isMet ? 'met' : 'missed') : '';
    return `| ${name} | ${ms.p50} ms | ${ms.p99} ms | ${ratio.toFixed(2)} | ${expected - received} | ${result} |`;
  });
  const head = `| beside | healthy p50 | p99 | p99 / alone | lost | goal: ${goal.timesAlone} × alone and ${goal.p99Ms} ms |`;
  return [head, '|---|---|---|---|---|---|', ...rows].join('\n');
};

const main = async (): Promise<void> => {
  const cases: Case[] = [];
  for (const neighbour of [undefined, ...neighbours.filter((n) => n.name.includes(values.only))]) {
    console.log(`${neighbour?.name ?? 'alone'} …`);
    const result = await runCase(neighbour);
    cases.push(result);
    const { endToEndMs: ms, received, expected, cpuMsPerSecond: cpu } = result;
    console.log(`  healthy: p50 ${ms.p50} ms, p99 ${ms.p99} ms, ${received} of ${expected} received`);
    console.log(
      `  CPU ms/s: ${Object.entries(cpu)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
    );
  }
  console.log(`\n${printable(cases)}\n`);
  await writeFile(values.out, `${JSON.stringify({ seconds, cases }, null, 2)}\n`);
  console.log(`Written to ${values.out}`);
  if (cases.some((one) => one.received < one.expected)) process.exitCode = 1;
};

if (values.help) console.log(help);
else await main();
