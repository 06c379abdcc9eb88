import { Agent, get, request } from 'node:http';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spreadOf } from './percentiles.ts';
import { pssMbOf, usageOfAll } from './process-usage.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, startStack } from './stack.ts';

const help = `npm run bench:stream -- [options]
Starts a stack with a subscription for each consumer, publishes events addressed to them, and measures CPU and memory
without open streams and with them. Every event is three messages to each stream of its consumer: event, attempt, state.
  --streams N      open streams, of all consumers in turn (default 200; the figures of RESULTS.md: 1000)
  --consumers N    (default 50)
  --rate N         events a second (default 200)
  --seconds N      of each measurement (default 10)
  --console        open the streams through the console instead of the history service
  --port-base N    first port of the stack (default 27500)`;

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    consumers: { type: 'string', default: '50' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    console: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27500' },
    help: { type: 'boolean', default: false },
  },
});

const counts = {
  streams: Number(values.streams),
  consumers: Number(values.consumers),
  rate: Number(values.rate),
};
const seconds = Number(values.seconds);
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

const post = (url: string, key: string, body: object): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      response.once('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(answer) as Record<string, unknown>);
        else reject(new Error(`${url} answered ${response.statusCode}: ${answer}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(text);
  });

const consumerName = (n: number): string => `c${n % counts.consumers}`;

/** Creates the consumers with a key and a subscription each, and returns their keys. */
const prepare = async ({ url, target }: BenchStack, endpoint: string): Promise<readonly string[]> => {
  const keys: string[] = [];
  for (let n = 0; n < counts.consumers; n += 1) {
    const id = consumerName(n);
    await post(`${url}/v1/webhooks/consumers`, target.key, { id });
    const scopes = ['deliveries:read'];
    const made = await post(`${url}/v1/webhooks/api-keys`, target.key, { consumer_id: id, scopes });
    keys.push(String(made['key']));
    const subscription = { endpoint_url: endpoint, events: ['*'], consumer_id: id, send_test: false };
    await post(`${url}/v1/webhooks/subscriptions`, target.key, subscription);
  }
  return keys;
};

type Received = { frames: number; ages: number[] };

/** Opens a stream and counts its messages; the age is that of an event when it arrives. */
const open = (url: string, key: string, received: Received): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` };
    get(`${url}/v1/webhooks/stream`, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the stream answered ${response.statusCode}`));
      resolve();
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const now = Date.now();
        for (const [, kind, at] of chunk.matchAll(/"kind":"(event|attempt|state)".*?"at":"([^"]+)"/g)) {
          received.frames += 1;
          if (kind === 'event') received.ages.push(now - Date.parse(at ?? ''));
        }
      });
      response.on('error', () => {});
    }).once('error', reject);
  });

const publish = async ({ target }: BenchStack): Promise<number> => {
  const total = counts.rate * seconds;
  const startedMs = performance.now();
  const sent: Promise<unknown>[] = [];
  for (let n = 0; n < total; n += 1) {
    const waitMs = startedMs + (n * 1_000) / counts.rate - performance.now();
    if (waitMs > 1) await pause(waitMs);
    const event = { type: 'order.paid', consumer_id: consumerName(n), data: { n, filler: 'x'.repeat(900) } };
    sent.push(post(`${target.ingressUrl}/v1/events`, target.key, event));
  }
  await Promise.all(sent);
  // The last deliveries and messages.
  await pause(1_000);
  return total;
};

const measured = async (stack: BenchStack, name: string): Promise<number> => {
  const before = await usageOfAll(stack.processes);
  const beganMs = performance.now();
  const total = await publish(stack);
  const after = await usageOfAll(stack.processes);
  const passedMs = performance.now() - beganMs;
  for (const [process, { cpuMs }] of Object.entries(after)) {
    const percent = Math.round(((cpuMs - (before[process]?.cpuMs ?? 0)) / passedMs) * 100);
    const pss = await pssMbOf(stack.processes[process] ?? 0);
    console.log(`${name}  ${process}: ${percent} % of a core, ${pss} MB`);
  }
  return total;
};

const run = async (): Promise<void> => {
  const env = {
    HISTORY_REQUESTS_PER_SECOND: '0',
    SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    HISTORY_MAX_STREAMS: '8000',
  };
  console.log(
    `load of the machine before: ${loadavg()
      .map((one) => one.toFixed(1))
      .join(', ')}`,
  );
  const receiver = await startReceiverProcess();
  const stack = await startStack(values['port-base'], { env });
  try {
    const keys = await prepare(stack, receiver.url('/hook'));
    await pause(2_000);
    await publish(stack);
    await measured(stack, 'no streams');
    const received: Received = { frames: 0, ages: [] };
    const url = values.console ? stack.url : stack.historyUrl;
    const openedMs = performance.now();
    for (let n = 0; n < counts.streams; n += 1) await open(url, keys[n % keys.length] ?? '', received);
    console.log(`${counts.streams} streams opened in ${Math.round(performance.now() - openedMs)} ms`);
    await pause(2_000);
    await measured(stack, `${counts.streams} streams`);
    const { p50, p99, max } = spreadOf(received.ages);
    const expected = (counts.rate * seconds * 3 * counts.streams) / counts.consumers;
    console.log(
      `messages received: ${received.frames} of ${expected}; age of an event p50 ${p50}, p99 ${p99}, max ${max} ms`,
    );
  } finally {
    receiver.stop();
    await stack.stop();
  }
  process.exit(0);
};

if (values.help) console.log(help);
else await run();
