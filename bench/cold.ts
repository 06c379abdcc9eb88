import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, measure } from './measure.ts';
import { named, openFinder, type PipelineBacklog } from './pipeline-backlog.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { root, startStack } from './stack.ts';

const help = `npm run bench:cold -- [options]
Floods one healthy endpoint on a stack that has just started, while busy loops take CPU from it, and prints the latency
of the slowest webhook and the number of deferred commands.
  --starts N         fresh starts (default 10)
  --busy-loops N     processes that only use CPU (default 1)
  --count N          webhooks of 1 KB a start (default 20000)
  --per-second N     pace of the generator (default 3000)
  --max-in-flight N  of the subscription (default 50)
  --out FILE         where to write the JSON (default bench/results/cold.json)
  --separate         each service in a process of its own
  --together         one process for all services (default: two, the pipeline and the management)
  --port-base N      first port of the stack (default 27400)`;

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '10' },
    'busy-loops': { type: 'string', default: '1' },
    count: { type: 'string', default: '20000' },
    'per-second': { type: 'string', default: '3000' },
    'max-in-flight': { type: 'string', default: '50' },
    out: { type: 'string', default: join(root, 'bench/results/cold.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

/** One start in an empty folder. Times in milliseconds. */
type ColdStart = Readonly<{
  delivered: number;
  lost: number;
  repeats: number;
  deliveredPerSecond: number;
  p50: number;
  p99: number;
  slowest: number;
  /** Commands sent to the retry topics, by reason. */
  deferred: PipelineBacklog;
}>;

const busyLoop = 'for (;;);';

/** Starts a process that keeps one core busy until the returned function is called. */
const startBusyLoop = (): (() => Promise<void>) => {
  const child = spawn(process.execPath, ['-e', busyLoop], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
};

const flood = async (bench: Bench): Promise<ColdStart> => {
  const perSecond = Number(values['per-second']);
  const seconds = Number(values.count) / perSecond;
  const workload = { name: 'cold flood', kind: 'paced', fanOut: 1, perSecond, seconds } as const;
  const { delivered, lost, repeats, deliveredPerSecond, endToEndMs, detours } = await measure(
    bench,
    workload,
    'bench.cold',
  );
  const { p50, p99, max } = endToEndMs;
  return { delivered, lost, repeats, deliveredPerSecond, p50, p99, slowest: max, deferred: detours };
};

const startFresh = async (): Promise<ColdStart> => {
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
  });
  const receiver = await startReceiverProcess();
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  const busyLoops = Array.from({ length: Number(values['busy-loops']) }, startBusyLoop);
  try {
    await stack.subscribe({
      endpoint_url: receiver.url('/hook'),
      events: ['bench.cold'],
      max_in_flight: Number(values['max-in-flight']),
    });
    return await flood({ target: stack.target, receiver, finder, pids: stack.processes });
  } finally {
    for (const stop of busyLoops) await stop();
    receiver.stop();
    await finder.close();
    await stack.stop();
  }
};

const main = async (): Promise<void> => {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const all: ColdStart[] = [];
  for (let start = 1; start <= Number(values.starts) && !interrupted.signal.aborted; start += 1) {
    const result = await startFresh();
    all.push(result);
    console.log(
      `start ${start}: ${result.deliveredPerSecond}/s, p50 ${result.p50}, p99 ${result.p99}, slowest ${result.slowest} ms, ` +
        `lost ${result.lost}, repeats ${result.repeats}, deferred: ${named(result.deferred) || 'none'}`,
    );
  }
  await writeFile(values.out, `${JSON.stringify({ options: values, starts: all }, null, 2)}\n`);
  console.log(`Written to ${values.out}`);
  if (all.some(({ lost }) => lost > 0)) process.exitCode = 1;
};

if (values.help) console.log(help);
else await main();
