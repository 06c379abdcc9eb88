import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, type Measurement, measure } from './measure.ts';
import { openFinder } from './pipeline-backlog.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { medianRun, printable } from './report.ts';
import { root, startStack } from './stack.ts';
import { quickWorkloads, type Workload, workloads } from './workloads.ts';

const help = `npm run bench -- [options]
Starts a separate stack and a receiver, sends floods and paced loads, and prints rates, latencies and CPU time.
  --runs N         measure each workload N times and report the median run (default 1)
  --only TEXT      only workloads whose name contains TEXT
  --quick          a twentieth of the size
  --out FILE       where to write the JSON (default bench/results/latest.json)
  --separate       each service in a process of its own
  --together       one process for all services (default: two, the pipeline and the management)
  --port-base N    first port of the stack (default 27400)`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'bench/results/latest.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const runAll = async (
  bench: Bench,
  chosen: readonly Workload[],
  signal: AbortSignal,
): Promise<Measurement[]> => {
  console.log('Warming up …');
  for (const fanOut of new Set(chosen.map((workload) => workload.fanOut))) {
    const warm = { name: 'warm-up', kind: 'flood', fanOut, count: 2_000 / fanOut, concurrency: 64 } as const;
    await measure(bench, warm, `bench.fan${fanOut}`);
  }
  const all: Measurement[] = [];
  for (const workload of chosen) {
    const runs: Measurement[] = [];
    for (let i = 0; i < Number(values.runs) && !signal.aborted; i += 1) {
      console.log(`${workload.name}, run ${i + 1} of ${values.runs} …`);
      const run = await measure(bench, workload, `bench.fan${workload.fanOut}`);
      const { servicesAndBrokers, mongodb } = run.cpuUsPerWebhook;
      console.log(
        `  ${run.deliveredPerSecond}/s, ${servicesAndBrokers} µs and MongoDB ${mongodb} µs a webhook`,
      );
      runs.push(run);
    }
    if (runs.length > 0) all.push(medianRun(runs));
  }
  return all;
};

const main = async (): Promise<void> => {
  const chosen = (values.quick ? quickWorkloads : workloads).filter((w) => w.name.includes(values.only));
  if (chosen.length === 0) {
    const names = workloads.map((w) => `'${w.name}'`).join(', ');
    throw new Error(`--only '${values.only}' matches no workload: ${names}`);
  }
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  console.log('Starting the stack …');
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
  });
  const receiver = await startReceiverProcess();
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  try {
    for (const fanOut of new Set(chosen.map((workload) => workload.fanOut))) {
      // 64 in flight: the benchmark's single endpoint represents many and must not be the bottleneck.
      const settings = {
        endpoint_url: receiver.url('/hook'),
        events: [`bench.fan${fanOut}`],
        max_in_flight: 64,
      };
      for (let i = 0; i < fanOut; i += 1) await stack.subscribe(settings);
    }
    const all = await runAll(
      { target: stack.target, receiver, finder, pids: stack.processes },
      chosen,
      interrupted.signal,
    );
    console.log(`\n${printable(all)}\n`);
    const machine = { cores: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version };
    const report = { machine, runs: Number(values.runs), workloads: all };
    await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`Written to ${values.out}`);
    if (all.some(({ lost, waiting }) => lost > 0 || Object.keys(waiting).length > 0)) process.exitCode = 1;
  } finally {
    receiver.stop();
    await finder.close();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
