import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createKeys, senderCount } from './admission/keys.ts';
import { type LoadProcess, type Outcome, startLoadProcess, sum, worst } from './admission/load-process.ts';
import { paced } from './load.ts';
import { type Spread, spreadOf } from './percentiles.ts';
import { type Finder, named, openFinder, since } from './pipeline-backlog.ts';
import { machineCpuMs, ofEach, pssMbOf, usageOf } from './process-usage.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, startStack } from './stack.ts';

const help = `npm run bench:overload -- [options]
Starts a stack with one endpoint, finds how many events a second it accepts, then offers a multiple of that for minutes, whatever
is answered. Prints for each minute what was accepted, how long it took, the memory and CPU of each process, and the CPU of all others; then how long the stack
needs to deliver what waits, what it uses afterwards, and whether anything was lost. Exit code 1 if it was.
  --minutes N    of overload (default 10)
  --share N      how much of the capacity is offered (default 2)
  --port-base N  first port of the stack (default 27700)`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    share: { type: 'string', default: '2' },
    'port-base': { type: 'string', default: '27700' },
    help: { type: 'boolean', default: false },
  },
});

const type = 'bench.admission';
const capacitySeconds = 8;
const minuteSeconds = 60;
const connections = 256;
const calmRate = { perSecond: 200, seconds: 10 };
const drainLimitMs = 900_000;

const listed = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const times = ({ p50, p99 }: Spread): string => `p50 ${p50} ms, p99 ${p99} ms`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what was accepted and what arrived. */
class Account {
  readonly #receiver: ReceiverProcess;
  accepted = 0;
  repeats = 0;
  /** Connections that ended without an answer: their events may have been accepted. */
  unanswered = 0;
  #taken = 0;

  constructor(receiver: ReceiverProcess) {
    this.#receiver = receiver;
  }

  add(outcomes: readonly Outcome[]): void {
    this.accepted += sum(outcomes, (one) => one.accepted);
    this.unanswered += sum(outcomes, (one) => one.statuses[0] ?? 0);
  }

  /** Returns the end-to-end times of what has arrived since the last call, in milliseconds. */
  async take(): Promise<readonly number[]> {
    const { received, repeats, latencies } = await this.#receiver.take();
    this.#taken += received;
    this.repeats += repeats;
    return latencies;
  }

  async waiting(): Promise<number> {
    return this.accepted - this.#taken - (await this.#receiver.count());
  }

  /** Waits until everything has arrived, 15 minutes at most, and returns the seconds. */
  async drain(): Promise<number> {
    const beganMs = performance.now();
    while ((await this.waiting()) > 0 && performance.now() - beganMs < drainLimitMs) await pause(100);
    return (performance.now() - beganMs) / 1_000;
  }
}

type Bench = Readonly<{
  stack: BenchStack;
  load: LoadProcess;
  receiver: ReceiverProcess;
  keys: readonly string[];
  account: Account;
}>;

const memoryOf = async ({ processes }: BenchStack): Promise<string> =>
  listed(await ofEach(processes, pssMbOf));

/** The CPU time of each process so far, in milliseconds: those of the stack, those of the benchmark, and all others of the machine. */
const cpuMsOf = async ({ stack, load, receiver }: Bench): Promise<Readonly<Record<string, number>>> => {
  const own = { ...stack.processes, load: load.pid, receiver: receiver.pid, benchmark: process.pid };
  const used = await ofEach(own, async (pid) => (await usageOf(pid)).cpuMs);
  const all = await machineCpuMs();
  return { ...used, others: all - Object.values(used).reduce((total, cpuMs) => total + cpuMs, 0) };
};

const run = async (
  { stack, load, keys, account }: Bench,
  kind: 'closed' | 'open',
  { seconds, ...sender }: Readonly<{ seconds: number; connections: number; perSecond?: number }>,
): Promise<readonly Outcome[]> => {
  const senders = keys.map((key) => ({ key, ...sender }));
  const outcomes = await load.run({ kind, url: stack.target.ingressUrl, seconds, senders });
  account.add(outcomes);
  return outcomes;
};

/** Measures 200 events a second, from their writing to their delivery. */
const measureCalm = async ({ stack, account }: Bench): Promise<string> => {
  await account.take();
  const { acceptMs } = await paced({ target: stack.target, typeOf: () => type, ...calmRate });
  account.accepted += acceptMs.length;
  await account.drain();
  const latencies = await account.take();
  return `accepted ${times(spreadOf(acceptMs))}; delivered ${times(spreadOf(latencies))}`;
};

const findCapacity = async (bench: Bench): Promise<number> => {
  let capacity = 0;
  for (const each of [4, 8, 16]) {
    const outcomes = await run(bench, 'closed', { seconds: capacitySeconds, connections: each });
    capacity = Math.max(
      capacity,
      sum(outcomes, (one) => one.acceptedPerSecond),
    );
  }
  await bench.account.drain();
  return capacity;
};

type CpuMoment = Readonly<{ atMs: number; cpuMs: Readonly<Record<string, number>> }>;

const sharesOf = (before: CpuMoment, after: CpuMoment): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(after.cpuMs).map(([name, cpuMs]) => {
      const usedMs = cpuMs - (before.cpuMs[name] ?? 0);
      return [name, Math.round((100 * usedMs) / (after.atMs - before.atMs))];
    }),
  );

const overload = async (bench: Bench, perSecond: number): Promise<void> => {
  console.log(
    '| minute | accepted/s | accepted p50 | p99, ms | refused/s | without Retry-After | waiting | memory, MB | CPU, % of a core |\n|---|---|---|---|---|---|---|---|---|',
  );
  let before = { atMs: performance.now(), cpuMs: await cpuMsOf(bench) };
  for (let minute = 1; minute <= Number(values.minutes); minute += 1) {
    const outcomes = await run(bench, 'open', { seconds: minuteSeconds, connections, perSecond });
    const after = { atMs: performance.now(), cpuMs: await cpuMsOf(bench) };
    const cells = [
      minute,
      sum(outcomes, (one) => one.acceptedPerSecond),
      worst(outcomes, (one) => one.acceptMs.p50),
      worst(outcomes, (one) => one.acceptMs.p99),
      sum(outcomes, (one) => one.refusedPerSecond),
      sum(outcomes, (one) => one.refusedWithoutRetryAfter),
      await bench.account.waiting(),
      await memoryOf(bench.stack),
      listed(sharesOf(before, after)),
    ];
    before = after;
    console.log(`| ${cells.join(' | ')} |`);
  }
};

const measure = async (bench: Bench, finder: Finder): Promise<void> => {
  const { stack, account } = bench;
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
  const capacity = await findCapacity(bench);
  console.log(`capacity ${capacity}/s; memory, MB: ${await memoryOf(stack)}`);
  console.log(`before, ${calmRate.perSecond}/s: ${await measureCalm(bench)}\n`);
  const before = await finder.find();
  await overload(bench, Math.round((capacity * Number(values.share)) / senderCount));
  const seconds = await account.drain();
  const memory = await memoryOf(stack);
  console.log(`\nall delivered ${seconds.toFixed(1)} s after the last minute; memory, MB: ${memory}`);
  if ((await account.waiting()) > 0) console.log(`waiting: ${named(since(before, await finder.find()))}`);
  console.log(`after, ${calmRate.perSecond}/s: ${await measureCalm(bench)}`);
  const lost = await account.waiting();
  const { accepted, repeats, unanswered } = account;
  console.log(
    `accepted ${accepted}, lost ${lost}, repeats ${repeats}, requests without an answer ${unanswered}`,
  );
  if (lost > 0) process.exitCode = 1;
};

const main = async (): Promise<void> => {
  const stack = await startStack(values['port-base']);
  const load = startLoadProcess();
  const receiver = await startReceiverProcess();
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  try {
    await stack.subscribe({ endpoint_url: receiver.url('/hook'), events: [type], max_in_flight: 64 });
    const keys = await createKeys(stack);
    await measure({ stack, load, receiver, keys, account: new Account(receiver) }, finder);
  } finally {
    load.stop();
    receiver.stop();
    await finder.close();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
