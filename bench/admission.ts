import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createKeys, senderCount } from './admission/keys.ts';
import { type Outcome, type Sender, startLoadProcess, sum, worst } from './admission/load-process.ts';
import { spreadOf } from './percentiles.ts';
import { usageOf } from './process-usage.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, startStack } from './stack.ts';

const help = `npm run bench:admission -- [options]
Starts a stack, finds how many events a second ingress accepts from many senders (closed loop), then offers shares of that
whatever is answered (open loop, one sender on this machine), and prints what was accepted and refused and how long it took.
  --seconds N        of each load (default 8)
  --shares LIST      of the capacity (default 0.5,1,2)
  --subscribers N    subscriptions that receive every event (default 0)
  --without          also with limits so high that nothing is refused
  --port-base N      first port of the stack (default 27700)`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    shares: { type: 'string', default: '0.5,1,2' },
    subscribers: { type: 'string', default: '0' },
    without: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27700' },
    help: { type: 'boolean', default: false },
  },
});

const seconds = Number(values.seconds);
const unlimited = { INGRESS_TARGET_WAIT: '4s', INGRESS_MAX_WAITING_REQUESTS: '20000' };

/** Asks for /ready until it is stopped; returns the p99 of the answers, in milliseconds, and how many were not 200. */
function watchHealth(url: string): () => Promise<Readonly<{ p99: number; failed: number }>> {
  const times: number[] = [];
  let failed = 0;
  let isStopped = false;
  const watching = (async (): Promise<void> => {
    while (!isStopped) {
      const beganMs = performance.now();
      const response = await fetch(`${url}/ready`);
      await response.arrayBuffer();
      if (response.status !== 200) failed += 1;
      times.push(performance.now() - beganMs);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return async () => {
    isStopped = true;
    await watching;
    return { p99: spreadOf(times).p99, failed };
  };
}

type Bench = Readonly<{
  stack: BenchStack;
  keys: readonly string[];
  load: ReturnType<typeof startLoadProcess>;
}>;

const cpuOf = async ({ pids }: BenchStack): Promise<number> => (await usageOf(pids['ingress'] ?? 0)).cpuMs;

const head =
  '| load | accepted/s | p50 | p99 | longest, ms | refused/s | p50 | p99, ms | behind, ms | CPU of the process of ingress, ms/s | /ready p99, ms | 429, 503 | without Retry-After, or not ready |';

/** Returns the cells of some senders: their sums, and the times of the one that is served worst. */
const row = (label: string, outcomes: readonly Outcome[]): string =>
  [
    `| ${label}`,
    sum(outcomes, (one) => one.acceptedPerSecond),
    worst(outcomes, (one) => one.acceptMs.p50),
    worst(outcomes, (one) => one.acceptMs.p99),
    worst(outcomes, (one) => one.acceptMs.max),
    sum(outcomes, (one) => one.refusedPerSecond),
    worst(outcomes, (one) => one.refuseMs.p50),
    worst(outcomes, (one) => one.refuseMs.p99),
    worst(outcomes, (one) => one.behindMs),
  ].join(' | ');

async function run(
  { stack, load }: Bench,
  label: string,
  given: Readonly<{ kind: 'closed' | 'open'; senders: readonly Sender[] }>,
): Promise<readonly Outcome[]> {
  const health = watchHealth(stack.target.ingressUrl);
  const before = await cpuOf(stack);
  const beganMs = performance.now();
  const outcomes = await load.run({ ...given, url: stack.target.ingressUrl, seconds });
  const cpu = Math.round((((await cpuOf(stack)) - before) * 1_000) / (performance.now() - beganMs));
  const { p99, failed } = await health();
  const [refused429, refused503] = [429, 503].map((status) =>
    sum(outcomes, (one) => one.statuses[status] ?? 0),
  );
  const others = sum(outcomes, (one) => one.refusedWithoutRetryAfter) + failed;
  console.log(`${row(label, outcomes)} | ${cpu} | ${p99} | ${refused429}, ${refused503} | ${others} |`);
  return outcomes;
}

const shared = (keys: readonly string[], share: Partial<Sender>): readonly Sender[] =>
  keys.map((key) => ({ key, ...share }));

async function findCapacity(bench: Bench): Promise<number> {
  let best = 0;
  for (const connections of [2, 4, 8, 16]) {
    const all = connections * senderCount;
    const outcomes = await run(bench, `closed loop, ${all} at once`, {
      kind: 'closed',
      senders: shared(bench.keys, { connections }),
    });
    best = Math.max(
      best,
      sum(outcomes, (one) => one.acceptedPerSecond),
    );
  }
  return best;
}

async function measure(
  label: string,
  env: Readonly<Record<string, string>>,
  known?: number,
): Promise<number> {
  console.log(`\n${label}, load average ${loadavg()[0]?.toFixed(1)}\n\n${head}`);
  const stack = await startStack(values['port-base'], { env });
  const load = startLoadProcess();
  const receiver = await startReceiverProcess();
  try {
    for (let at = 0; at < Number(values.subscribers); at += 1)
      await stack.subscribe({
        endpoint_url: receiver.url('/hook'),
        events: ['bench.admission'],
        max_in_flight: 64,
      });
    const bench = { stack, load, keys: await createKeys(stack) };
    const capacity = known ?? (await findCapacity(bench));
    for (const share of values.shares.split(',').map(Number)) {
      const perSecond = Math.round((capacity * share) / senderCount);
      await run(bench, `open loop, ${share} × ${capacity}/s`, {
        kind: 'open',
        senders: shared(bench.keys, { perSecond, connections: 256 }),
      });
    }
    const [noisy = '', ...quiet] = bench.keys;
    const outcomes = await run(bench, `one key 2 × ${capacity}/s, ${quiet.length} keys 10/s each`, {
      kind: 'open',
      senders: [
        { key: noisy, perSecond: 2 * capacity, connections: 2_048 },
        ...shared(quiet, { perSecond: 10, connections: 8 }),
      ],
    });
    console.log(`${row('… the one', outcomes.slice(0, 1))} |`);
    console.log(`${row('… the others', outcomes.slice(1))} |`);
    return capacity;
  } finally {
    load.stop();
    receiver.stop();
    await stack.stop();
  }
}

if (values.help) console.log(help);
else {
  const capacity = await measure('With the limits of the defaults', {});
  if (values.without) await measure('With limits that refuse nothing', unlimited, capacity);
}
