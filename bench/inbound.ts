import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spreadOf } from './percentiles.ts';
import { usageOfAll } from './process-usage.ts';
import { type BenchStack, startStack } from './stack.ts';

const help = `npm run bench:inbound -- [options]
Starts a stack with a source, posts signed webhooks of GitHub at a steady rate, and prints the time until each 200 and the CPU
of each process.
  --rate N         webhooks a second (default 300)
  --seconds N      (default 20, after 5 that warm up)
  --bytes N        of each body (default 7000, about that of a push)
  --port-base N    first port of the stack (default 27600)`;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '20' },
    bytes: { type: 'string', default: '7000' },
    'port-base': { type: 'string', default: '27600' },
    help: { type: 'boolean', default: false },
  },
});

const rate = Number(values.rate);
const seconds = Number(values.seconds);
const secret = 'a secret of the benchmark';
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const filler = 'x'.repeat(Number(values.bytes));
const repositories = 50;
const warmUpSeconds = 5;

type Webhook = Readonly<{ body: string; headers: Readonly<Record<string, string | number>> }>;

/** Signs a webhook before it is due, so that the load generator does not delay it. */
const webhookOf = (sequence: number): Webhook => {
  const body = JSON.stringify({ repository: { id: sequence % repositories }, ref: 'main', sequence, filler });
  return {
    body,
    headers: {
      ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      ...{ 'x-github-event': 'push', 'x-github-delivery': `bench-${process.pid}-${sequence}` },
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  };
};

/** Posts a webhook; returns the status and the milliseconds until the response. */
const post = async (
  url: string,
  { body, headers }: Webhook,
): Promise<Readonly<{ status: number; ms: number }>> =>
  new Promise((resolve, reject) => {
    const beganMs = performance.now();
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, ms: performance.now() - beganMs }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });

/** Posts at a steady rate without waiting for earlier responses; returns the milliseconds of each. */
async function paced(url: string, first: number, count: number): Promise<readonly number[]> {
  const beganMs = performance.now();
  const waiting: Promise<number>[] = [];
  for (let at = 0; at < count; at += 1) {
    const webhook = webhookOf(first + at);
    const dueInMs = beganMs + (at * 1_000) / rate - performance.now();
    if (dueInMs > 0) await pause(dueInMs);
    waiting.push(
      post(url, webhook).then(({ status, ms }) => {
        if (status !== 200) throw new Error(`ingress answered ${status}`);
        return ms;
      }),
    );
  }
  return Promise.all(waiting);
}

/** Creates the source, and waits until ingress knows it. Returns the URL for the provider. */
async function openSource({ url, target }: BenchStack): Promise<string> {
  const response = await fetch(`${url}/v1/webhooks/sources`, {
    method: 'POST',
    headers: { authorization: `Bearer ${target.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'github', name: 'bench', secrets: [secret] }),
  });
  const source = (await response.json()) as Readonly<{ path?: string }>;
  if (source.path === undefined) throw new Error(`the source was refused: ${response.status}`);
  const at = target.ingressUrl + source.path;
  for (let sequence = -1; (await post(at, webhookOf(sequence))).status !== 200; sequence -= 1)
    await pause(100);
  return at;
}

async function run(): Promise<void> {
  const stack = await startStack(values['port-base']);
  try {
    const url = await openSource(stack);
    await paced(url, 0, warmUpSeconds * rate);
    const before = await usageOfAll(stack.processes);
    const beganMs = performance.now();
    const times = await paced(url, warmUpSeconds * rate, seconds * rate);
    const tookSeconds = (performance.now() - beganMs) / 1_000;
    const after = await usageOfAll(stack.processes);
    const { p50, p99, max } = spreadOf(times);
    console.log(
      `${times.length} webhooks in ${tookSeconds.toFixed(1)} s, load average ${loadavg()[0]?.toFixed(1)}`,
    );
    console.log(`until 200: p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`);
    for (const [name, { cpuMs }] of Object.entries(after)) {
      const usedMs = Math.round((cpuMs - (before[name]?.cpuMs ?? 0)) / tookSeconds);
      console.log(`${name}: ${usedMs} ms of CPU a second`);
    }
  } finally {
    agent.destroy();
    await stack.stop();
  }
}

if (values.help) console.log(help);
else await run();
