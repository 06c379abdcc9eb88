import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Measurement, measure } from './measure.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { medianRun, printable } from './report.ts';
import { quickWorkloads, workloads } from './workloads.ts';

const help = `npm run bench -- [options]
Starts a Tidings of its own and a receiver, floods and paces it, and prints what it cost.
  --runs N         measure each workload N times and report the median run (default 1)
  --only TEXT      only workloads whose name contains TEXT
  --quick          a twentieth of the size
  --out FILE       where to write the JSON (default bench/results/latest.json)
  --port-base N    first port of the stack (default 27400)`;

type Local = Readonly<{
  admin_key: string;
  url: string;
  services: Readonly<Record<string, string>>;
  pids: Readonly<Record<string, number>>;
}>;

const root = fileURLToPath(new URL('../../', import.meta.url));

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'bench/results/latest.json') },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const startStack = async (dataDir: string): Promise<Readonly<{ local: Local; stop(): Promise<void> }>> => {
  const args = ['deploy/local/start.mjs', '--no-demo', '--data', dataDir, '--port-base', values['port-base']];
  const stack = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  for (let i = 0; i < 600; i += 1) {
    const text = await readFile(join(dataDir, 'local.json'), 'utf8').catch(() => null);
    if (text !== null) {
      const stop = async (): Promise<void> => {
        const ended = once(stack, 'exit');
        stack.kill('SIGTERM');
        await ended;
      };
      return { local: JSON.parse(text) as Local, stop };
    }
    if (stack.exitCode !== null) throw new Error(`the stack ended with ${stack.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  stack.kill('SIGTERM');
  throw new Error('the stack was not ready within 120 s');
};

const subscribe = async (local: Local, endpointUrl: string, type: string): Promise<void> => {
  const response = await fetch(`${local.url}/v1/webhooks/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
    // 64 in flight: the benchmark's one endpoint stands for many, and must not be its own limit.
    body: JSON.stringify({ endpoint_url: endpointUrl, events: [type], max_in_flight: 64, send_test: false }),
  });
  if (response.status !== 201) throw new Error(`subscribe: ${response.status} ${await response.text()}`);
};

const bench = async (): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidings-bench-'));
  console.log('Starting the stack …');
  const { local, stop } = await startStack(dataDir);
  const receiver = await startReceiverProcess();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  try {
    const target = { ingressUrl: local.services['ingress'] ?? local.url, key: local.admin_key };
    const { stack: _own, ...pids } = local.pids;
    const chosen = (values.quick ? quickWorkloads : workloads).filter((w) => w.name.includes(values.only));
    const all: Measurement[] = [];
    for (const fanOut of new Set(chosen.map((workload) => workload.fanOut))) {
      for (let i = 0; i < fanOut; i += 1) await subscribe(local, receiver.url, `bench.fan${fanOut}`);
    }
    console.log('Warming up …');
    for (const fanOut of new Set(chosen.map((workload) => workload.fanOut))) {
      const warm = {
        name: 'warm-up',
        kind: 'flood',
        fanOut,
        count: 2_000 / fanOut,
        concurrency: 64,
      } as const;
      await measure({ target, receiver, pids }, warm, `bench.fan${fanOut}`);
    }
    for (const workload of chosen) {
      const runs: Measurement[] = [];
      for (let i = 0; i < Number(values.runs) && !interrupted.signal.aborted; i += 1) {
        console.log(`${workload.name}, run ${i + 1} of ${values.runs} …`);
        runs.push(await measure({ target, receiver, pids }, workload, `bench.fan${workload.fanOut}`));
      }
      if (runs.length > 0) all.push(medianRun(runs));
    }
    console.log(`\n${printable(all)}\n`);
    const machine = { cores: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version };
    await writeFile(
      values.out,
      `${JSON.stringify({ machine, runs: Number(values.runs), workloads: all }, null, 2)}\n`,
    );
    console.log(`Written to ${values.out}`);
    if (all.some((measurement) => measurement.lost > 0)) process.exitCode = 1;
  } finally {
    receiver.stop();
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

if (values.help) console.log(help);
else await bench();
