import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { flood, paced } from './load.ts';
import { spreadOf } from './percentiles.ts';
import { type Usage, usageOfAll } from './process-usage.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:replay -- [options]
Publishes events, subscribes two endpoints to them, and replays the events to both (a backfill) beside live events:
prints the end-to-end times of the live ones before, during and after the replay, its rate, and the CPU time of each.
Live events go to an endpoint of their own and to one that is replayed to.
  --events N       events that are replayed, each to two subscriptions (default 50000)
  --rate N         live events a second (default 200)
  --seconds N      how long the live events are measured before and after the replay (default 30)
  --replay-rate N  FANOUT_REPLAY_RATE: webhooks a second of all replays (default: that of the service)
  --live-only      no replay: shows how much the machine alone varies
  --out FILE       where to write the JSON (default bench/results/replay.json)
  --separate       each service in a process of its own
  --together       one process for all services (default: two, the pipeline and the management)
  --port-base N    first port of the stack (default 27600)`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '50000' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    'replay-rate': { type: 'string' },
    'live-only': { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'bench/results/replay.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27600' },
    help: { type: 'boolean', default: false },
  },
});

const events = Number(values.events);
const perSecond = Number(values.rate);
const seconds = Number(values.seconds);
// A load that is measured again and again until the replay has ended.
const sliceSeconds = 10;
const oldType = 'bench.old';
const liveType = 'bench.live';

type Job = Readonly<{
  id: string;
  state: string;
  progress: Readonly<{ done: number; total: number | null; counts: Readonly<Record<string, number>> }>;
}>;

const call = async <T>(stack: BenchStack, path: string, body?: object): Promise<T> => {
  const response = await fetch(`${stack.url}/v1/webhooks/${path}`, {
    headers: { authorization: `Bearer ${stack.target.key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
};

type Phase = Readonly<{
  name: string;
  seconds: number;
  live: number;
  replayed: number;
  p50: number;
  p99: number;
  max: number;
  /** Percent of a core, by process. */
  cpu: Readonly<Record<string, number>>;
}>;

/** Sends live events, slice by slice, until the phase is over, and measures them. */
const measurePhase = async (
  name: string,
  { stack, receiver }: Readonly<{ stack: BenchStack; receiver: ReceiverProcess }>,
  isOver: (slices: number) => Promise<boolean>,
): Promise<Phase> => {
  await receiver.take();
  const before: Readonly<Record<string, Usage>> = await usageOfAll(stack.processes);
  const beganMs = performance.now();
  const latencies: number[] = [];
  let replayed = 0;
  for (let slices = 0; slices === 0 || !(await isOver(slices)); slices += 1) {
    await paced({ target: stack.target, typeOf: () => liveType, perSecond, seconds: sliceSeconds });
    const taken = await receiver.take();
    latencies.push(...taken.latencies);
    replayed += taken.replayed;
  }
  const tookMs = performance.now() - beganMs;
  const after = await usageOfAll(stack.processes);
  const cpu = Object.fromEntries(
    Object.entries(after).map(([process, { cpuMs }]) => [
      process,
      Math.round(((cpuMs - (before[process]?.cpuMs ?? 0)) / tookMs) * 100),
    ]),
  );
  return {
    name,
    seconds: Math.round(tookMs / 1_000),
    live: latencies.length,
    replayed,
    ...spreadOf(latencies),
    cpu,
  };
};

const printPhase = ({ name, cpu, ...phase }: Phase): void => {
  const { p50, p99, max, live, replayed } = phase;
  const cpus = Object.entries(cpu).map(([process, percent]) => `${process} ${percent} %`);
  console.log(
    `${name}: ${phase.seconds} s, live ${live}, p50 ${p50}, p99 ${p99}, max ${max} ms; replayed ${replayed} ` +
      `(${Math.round(replayed / phase.seconds)}/s); CPU of a core: ${cpus.join(', ')}`,
  );
};

const subscribeAll = async (stack: BenchStack, receiver: ReceiverProcess): Promise<void> => {
  // 64 in flight, as in the other benchmarks: an endpoint represents many.
  const settings = { endpoint_url: receiver.url('/hook'), max_in_flight: 64 };
  await stack.subscribe({ ...settings, events: [oldType] });
  await stack.subscribe({ ...settings, events: [oldType, liveType] });
  await stack.subscribe({ ...settings, events: [liveType] });
};

const waitForEnd = async (stack: BenchStack, id: string): Promise<Job> => {
  for (;;) {
    const job = await call<Job>(stack, `jobs/${id}`);
    const { sent = 0, delivered = 0, failed = 0 } = job.progress.counts;
    if (job.state === 'done' && delivered + failed >= sent) return job;
    if (job.state !== 'done' && job.state !== 'running' && job.state !== 'queued') return job;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const run = async (stack: BenchStack, receiver: ReceiverProcess): Promise<void> => {
  const parts = { stack, receiver };
  const untilSeconds = async (slices: number): Promise<boolean> => slices * sliceSeconds >= seconds;
  const from = new Date(Date.now() - 60_000).toISOString();
  console.log(`Publishing ${events} events …`);
  await flood({ target: stack.target, type: oldType, count: events, concurrency: 64 });
  await subscribeAll(stack, receiver);
  console.log('Warming up …');
  await measurePhase('warm-up', parts, async () => true);
  const phases = [await measurePhase('before', parts, untilSeconds)];
  let job: Job | undefined;
  if (values['live-only']) phases.push(await measurePhase('again', parts, untilSeconds));
  else {
    const request = { from, types: [oldType], target: { all: true }, rate_per_second: 1_000 };
    const { id } = await call<Job>(stack, 'replays', request);
    // What is sent after the replay's last event does not count as beside it: a slice is at most 10 s.
    const isOver = async () => (await call<Job>(stack, `jobs/${id}`)).state !== 'running';
    phases.push(await measurePhase('during', parts, isOver));
    job = await waitForEnd(stack, id);
  }
  phases.push(await measurePhase('after', parts, untilSeconds));
  for (const phase of phases) printPhase(phase);
  const [before, during, after] = phases;
  const without = Math.max(before?.p99 ?? 0, after?.p99 ?? 0);
  console.log(`p99 during ÷ the larger of before and after: ${((during?.p99 ?? 0) / without).toFixed(2)}`);
  if (job !== undefined) console.log(`job: ${job.state}, ${JSON.stringify(job.progress)}`);
  await writeFile(values.out, `${JSON.stringify({ events, perSecond, phases, job }, null, 2)}\n`);
  const isWhole = job === undefined || job.progress.counts['delivered'] === events * 2;
  if (!isWhole) process.exitCode = 1;
};

const main = async (): Promise<void> => {
  console.log(`load of the machine before: ${loadavg().map((one) => one.toFixed(1))}`);
  const rate = values['replay-rate'];
  const env = {
    HISTORY_REQUESTS_PER_SECOND: '0',
    ...(rate !== undefined && { FANOUT_REPLAY_RATE: rate }),
  };
  const receiver = await startReceiverProcess();
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
    env,
  });
  try {
    await run(stack, receiver);
  } finally {
    receiver.stop();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
