import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { joined, type Slice, sumOf } from './live-slice.ts';
import { flood, paced } from './load.ts';
import { ratioSpreadOf, spreadOf } from './percentiles.ts';
import { usageOfAll } from './process-usage.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:replay -- [options]
Publishes events, subscribes two endpoints to them, and replays the events to both (a backfill) beside live events. The
replay is paused and resumed in turns, so that the end-to-end times of live events with it and without it are measured in
pairs on a machine whose load changes. Live events go to an endpoint of their own and to one that is replayed to.
After the pairs the replay goes on beside live events to its end. Takes about 10 minutes on a quiet machine, and ends after
--limit at the latest: it prints what it saw by then. Ctrl-C ends it in the same way.
  --events N       events that are replayed, each to two subscriptions (default 50000)
  --rate N         live events a second (default 200)
  --slice N        seconds of each measurement (default 15)
  --pairs N        number of pairs (default 10)
  --limit N        minutes after which it ends (default 15)
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
    slice: { type: 'string', default: '15' },
    pairs: { type: 'string', default: '10' },
    limit: { type: 'string', default: '15' },
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
const sliceSeconds = Number(values.slice);
const wantedPairs = Number(values.pairs);
const limitMs = Number(values.limit) * 60_000;
// What was under way when the replay was paused or resumed belongs to neither measurement.
const settleSeconds = 2;
const maxStartSeconds = 30;
const goal = 1.2;
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

type Parts = Readonly<{ stack: BenchStack; receiver: ReceiverProcess }>;
type Pair = Readonly<{ replaying: Slice; without: Slice }>;
/** `starts`: while a run of the replay looks up what it needs, before it sends. `rest`: after the pairs. */
type Found = Readonly<{ pairs: Pair[]; starts: Slice[]; rest: Slice[] }>;

let isStopped = false;

/** Sends live events for some seconds, and measures them. */
const measure = async ({ stack, receiver }: Parts, seconds = sliceSeconds): Promise<Slice> => {
  await receiver.take();
  const before = await usageOfAll(stack.processes);
  const beganMs = performance.now();
  await paced({ target: stack.target, typeOf: () => liveType, perSecond, seconds });
  const { latencies, replayed } = await receiver.take();
  const tookMs = performance.now() - beganMs;
  const after = await usageOfAll(stack.processes);
  const cpuMs = Object.fromEntries(
    Object.entries(after).map(([name, usage]) => [name, usage.cpuMs - (before[name]?.cpuMs ?? 0)]),
  );
  return { seconds: tookMs / 1_000, latencies, replayed, cpuMs };
};

const ratioOf = ({ replaying, without }: Pair): number =>
  spreadOf(replaying.latencies).p99 / spreadOf(without.latencies).p99;

const printPair = (pair: Pair, number: number): void => {
  const { replaying, without } = { replaying: sumOf([pair.replaying]), without: sumOf([pair.without]) };
  console.log(
    `  ${number}: replaying ${replaying.replayedPerSecond}/s, live p50/p99 ${replaying.p50}/${replaying.p99} ms; ` +
      `without ${without.p50}/${without.p99} ms; p99 ${ratioOf(pair).toFixed(2)} times; load ${loadavg()[0]?.toFixed(1)}`,
  );
};

const subscribeAll = async (stack: BenchStack, receiver: ReceiverProcess): Promise<void> => {
  // 64 in flight, as in the other benchmarks: an endpoint represents many.
  const settings = { endpoint_url: receiver.url('/hook'), max_in_flight: 64 };
  await stack.subscribe({ ...settings, events: [oldType] });
  await stack.subscribe({ ...settings, events: [oldType, liveType] });
  await stack.subscribe({ ...settings, events: [liveType] });
};

const read = async (stack: BenchStack, id: string): Promise<Job> => call<Job>(stack, `jobs/${id}`);

/** Sends live events until the replay has sent something: what it looks up before that is measured apart. */
const measureStart = async (parts: Parts, id: string): Promise<Slice> => {
  const sentOf = async () => (await read(parts.stack, id)).progress.counts['sent'] ?? 0;
  const before = await sentOf();
  const slices: Slice[] = [];
  for (let seconds = 0; seconds < maxStartSeconds; seconds += settleSeconds) {
    slices.push(await measure(parts, settleSeconds));
    if ((await sentOf()) > before) break;
  }
  return joined(slices);
};

/** Measures pairs, and then the replay beside live events until it has ended or the time is over. */
const measureAll = async (parts: Parts, id: string | undefined, found: Found): Promise<void> => {
  const { pairs, starts, rest } = found;
  const { stack } = parts;
  const change = async (way: 'pause' | 'resume') =>
    id !== undefined && call<Job>(stack, `jobs/${id}/${way}`, {});
  const hasEnded = async () =>
    id !== undefined && ['done', 'failed', 'cancelled'].includes((await read(stack, id)).state);
  const endsAtMs = performance.now() + limitMs;
  const goesOn = () => performance.now() < endsAtMs && !isStopped;
  while (goesOn() && pairs.length < wantedPairs) {
    if (id !== undefined) starts.push(await measureStart(parts, id));
    const replaying = await measure(parts);
    // A slice in which the replay ended has fewer webhooks of it beside the live events.
    if (await hasEnded()) return;
    await change('pause');
    await measure(parts, settleSeconds);
    const pair = { replaying, without: await measure(parts) };
    pairs.push(pair);
    printPair(pair, pairs.length);
    await change('resume');
  }
  while (id !== undefined && goesOn() && !(await hasEnded())) rest.push(await measure(parts));
};

const waitForOutcomes = async (stack: BenchStack, id: string): Promise<Job> => {
  for (const endsAtMs = performance.now() + 60_000; ; ) {
    const job = await read(stack, id);
    const { sent = 0, delivered = 0, failed = 0 } = job.progress.counts;
    if (job.state !== 'done' || delivered + failed >= sent || performance.now() > endsAtMs) return job;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const report = async ({ pairs, starts, rest: rests }: Found, job: Job | undefined): Promise<void> => {
  const replaying = sumOf(pairs.map((pair) => pair.replaying));
  const without = sumOf(pairs.map((pair) => pair.without));
  const [starting, rest] = [sumOf(starts), sumOf(rests)];
  for (const [name, { cpu, ...sum }] of Object.entries({ starting, replaying, without, rest })) {
    const cpus = Object.entries(cpu).map(([process, percent]) => `${process} ${percent} %`);
    console.log(
      `${name}: ${sum.seconds} s, live ${sum.live}, p50 ${sum.p50}, p99 ${sum.p99}, max ${sum.max} ms; ` +
        `replayed ${sum.replayed} (${sum.replayedPerSecond}/s); CPU of a core: ${cpus.join(', ')}`,
    );
  }
  const ratios = pairs.map(ratioOf);
  const spread = ratioSpreadOf(ratios);
  const of = Object.fromEntries(Object.entries(spread).map(([name, value]) => [name, value.toFixed(2)]));
  console.log(
    `p99 of live events with the replay ÷ without it, in pairs: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}\n` +
      `  mean ${of['mean']} (${of['low']} to ${of['high']} by two standard errors, ${of['min']} to ${of['max']} in single pairs), ` +
      `${(replaying.p99 / without.p99).toFixed(2)} of all together; goal: a mean of at most ${goal}`,
  );
  if (job !== undefined) console.log(`job: ${job.state}, ${JSON.stringify(job.progress)}`);
  await writeFile(
    values.out,
    `${JSON.stringify({ options: values, load: loadavg(), starting, replaying, without, rest, ratios, spread, job }, null, 2)}\n`,
  );
  const isWhole = job === undefined || job.progress.counts['delivered'] === events * 2;
  if (!isWhole) console.log('The replay had not ended: these are the figures until then.');
  if (!isWhole || !(spread.mean <= goal)) process.exitCode = 1;
};

const run = async (parts: Parts): Promise<void> => {
  const { stack, receiver } = parts;
  const from = new Date(Date.now() - 60_000).toISOString();
  console.log(`Publishing ${events} events …`);
  await flood({ target: stack.target, type: oldType, count: events, concurrency: 64 });
  await subscribeAll(stack, receiver);
  console.log('Warming up …');
  await measure(parts);
  const request = { from, types: [oldType], target: { all: true }, rate_per_second: 1_000 };
  const id = values['live-only'] ? undefined : (await call<Job>(stack, 'replays', request)).id;
  const found: Found = { pairs: [], starts: [], rest: [] };
  let job: Job | undefined;
  try {
    await measureAll(parts, id, found);
  } finally {
    if (id !== undefined) job = await waitForOutcomes(stack, id);
    await report(found, job);
  }
};

const main = async (): Promise<void> => {
  console.log(`load of the machine before: ${loadavg().map((one) => one.toFixed(1))}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      isStopped = true;
    });
  }
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
    await run({ stack, receiver });
  } finally {
    receiver.stop();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
