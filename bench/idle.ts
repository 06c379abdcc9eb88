import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Bench, measure } from './measure.ts';
import { openFinder } from './pipeline-backlog.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { measureRest, type Rest, restTable } from './rest.ts';
import { type BenchStack, root, startStack } from './stack.ts';
import { workloads } from './workloads.ts';

const help = `npm run bench:idle -- [options]
Starts a stack, leaves it at rest and prints the CPU and memory of every process, then floods it and prints the memory again.
  --seconds N      how long it is measured at rest (default 60)
  --samples N      into how many samples that is divided; CPU is the median sample (default 3)
  --settle N       seconds between ready, or the end of a flood, and a measurement (default 30)
  --starts N       stacks started one after the other; the first ones are only started (default 1)
  --no-floods      only at rest
  --causes         count requests to Kafka and timers by cause at rest; costs CPU itself, implies --no-floods
  --out FILE       where to write the JSON (default bench/results/idle.json)
  --separate       each service in a process of its own
  --together       one process for all services (default: two, the pipeline and the management)
  --port-base N    first port of the stack (default 27400)`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    samples: { type: 'string', default: '3' },
    settle: { type: 'string', default: '30' },
    starts: { type: 'string', default: '1' },
    'no-floods': { type: 'boolean', default: false },
    causes: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'bench/results/idle.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
const { signal } = interrupted;
const pause = async (seconds: number): Promise<void> => delay(seconds * 1_000, undefined, { signal });

const rest = async (stack: BenchStack): Promise<Rest> =>
  measureRest({ ...stack, seconds: Number(values.seconds), samples: Number(values.samples), signal });

type Causes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Requests and timers per second of each service process, most frequent first. */
const countCauses = async ({ processes }: BenchStack, folder: string): Promise<Causes> => {
  const read = async (pid: number): Promise<Record<string, number> | null> => {
    const file = join(folder, `${pid}.json`);
    const before = await stat(file).catch(() => null);
    if (before === null) return null;
    process.kill(pid, 'SIGUSR2');
    while ((await stat(file)).ino === before.ino) await pause(0.05);
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  };
  const all: Record<string, Record<string, number>> = {};
  const before = new Map(
    await Promise.all(Object.values(processes).map(async (pid) => [pid, await read(pid)] as const)),
  );
  await pause(Number(values.seconds));
  for (const [name, pid] of Object.entries(processes)) {
    const after = await read(pid);
    if (after === null) continue;
    const rates = Object.entries(after).map(
      ([cause, count]) =>
        [cause, (count - (before.get(pid)?.[cause] ?? 0)) / Number(values.seconds)] as const,
    );
    all[name] = Object.fromEntries(
      rates
        .filter(([, rate]) => rate > 0)
        .sort(([, a], [, b]) => b - a)
        .map(([cause, rate]) => [cause, Math.round(rate * 100) / 100]),
    );
  }
  return all;
};

const printCauses = (causes: Causes): void => {
  for (const [name, rates] of Object.entries(causes)) {
    console.log(`\n${name}, times a second:`);
    for (const [cause, rate] of Object.entries(rates))
      console.log(`  ${rate.toFixed(2).padStart(7)}  ${cause}`);
  }
};

/** Both floods of `npm run bench`, then the memory at once and after a rest. */
const flooded = async (stack: BenchStack): Promise<Record<string, Rest>> => {
  const receiver = await startReceiverProcess();
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  const bench: Bench = { target: stack.target, receiver, finder, pids: stack.processes };
  const after: Record<string, Rest> = {};
  try {
    for (const workload of workloads.filter(({ kind }) => kind === 'flood')) {
      const type = `bench.fan${workload.fanOut}`;
      const settings = { endpoint_url: receiver.url('/hook'), events: [type], max_in_flight: 64 };
      for (let i = 0; i < workload.fanOut; i += 1) await stack.subscribe(settings);
      console.log(`${workload.name} …`);
      const { deliveredPerSecond, lost } = await measure(bench, workload, type);
      if (lost > 0) process.exitCode = 1;
      console.log(`  ${deliveredPerSecond}/s, ${lost} lost`);
      await pause(Number(values.settle));
      after[`after ${workload.name}`] = await rest(stack);
    }
  } finally {
    receiver.stop();
    await finder.close();
  }
  return after;
};

const main = async (): Promise<void> => {
  // Ends the current pause, and with it the stack.
  process.once('SIGINT', () => interrupted.abort());
  const readyMs: number[] = [];
  for (let start = 1; start < Number(values.starts); start += 1) {
    const stack = await startStack(values['port-base'], {
      separate: values.separate,
      together: values.together,
    });
    readyMs.push(stack.readyMs);
    await stack.stop();
  }
  const folder = await mkdtemp(join(tmpdir(), 'tidings-idle-'));
  const preload = new URL('./count-causes.js', import.meta.url).href;
  const env = values.causes ? { NODE_OPTIONS: `--import ${preload}`, TIDINGS_BENCH_COUNTS: folder } : {};
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
    env,
  });
  readyMs.push(stack.readyMs);
  console.log(`Ready after ${readyMs.join(', ')} ms. Load of the machine: ${loadavg()[0]?.toFixed(1)}`);
  try {
    await pause(Number(values.settle));
    if (values.causes) {
      const causes = await countCauses(stack, folder);
      printCauses(causes);
      await writeFile(values.out, `${JSON.stringify({ causes }, null, 2)}\n`);
      return;
    }
    const states: Record<string, Rest> = { 'at rest': await rest(stack) };
    if (!values['no-floods']) Object.assign(states, await flooded(stack));
    for (const [name, state] of Object.entries(states)) console.log(`\n${name}\n${restTable(state)}`);
    await writeFile(values.out, `${JSON.stringify({ options: values, readyMs, states }, null, 2)}\n`);
    console.log(`\nWritten to ${values.out}`);
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

if (values.help) console.log(help);
else
  await main().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
