import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { topics } from '@tidings/contracts';
import { type Bus, connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { consumerOf, oneFailedIn, recordsOf, subscriptionOf, typeOf } from './history-records.ts';
import { type Spread, spreadOf } from './percentiles.ts';
import { pssMbOf, usageOf } from './process-usage.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:history -- [options]
Fills the history through its topics, each event with one delivery and every hundredth with a dead letter, then reads
pages of its lists through the API, one after the other, and prints how long they took.
  --deliveries N   (default 200000)
  --pages N        of each list (default 200: of fewer than 100, the p99 is the slowest one)
  --out FILE       where to write the JSON (default bench/results/history.json)
  --separate       each service in a process of its own (default: one process for all)
  --port-base N    first port of the stack (default 27600)`;

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '200000' },
    pages: { type: 'string', default: '200' },
    out: { type: 'string', default: join(root, 'bench/results/history.json') },
    separate: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27600' },
    help: { type: 'boolean', default: false },
  },
});

const goalMs = 100;
const recordsASend = 2_000;
const restMs = 60_000;
const deliveries = Number(values.deliveries);
const startMs = Date.now() - 24 * 3_600_000;

type Page = Readonly<{
  data: readonly Readonly<Record<string, string>>[];
  next_cursor: string | null;
}>;

/** Reads a page; a key may make 100 requests a second, and waiting for the next second does not count. */
const read = async ({ historyUrl, target }: BenchStack, path: string): Promise<[number, Page]> => {
  for (;;) {
    const begunMs = performance.now();
    const response = await fetch(`${historyUrl}/v1/webhooks/${path}`, {
      headers: { authorization: `Bearer ${target.key}` },
    });
    const text = await response.text();
    const tookMs = performance.now() - begunMs;
    if (response.status === 200) return [tookMs, JSON.parse(text) as Page];
    // The history service waits for a list for some seconds only.
    if (response.status === 503) return [tookMs, { data: [], next_cursor: null }];
    if (response.status !== 429) throw new Error(`${path}: ${response.status} ${text}`);
    await pause(Number(response.headers.get('retry-after') ?? 1) * 1_000);
  }
};

const waiting = async (bus: Bus): Promise<number> => {
  const lags = await Promise.all([
    bus.lag('tidings-history', [topics.attempts]),
    bus.lag('tidings-history-events', [topics.events]),
    bus.lag('tidings-history-dead-letters', [topics.deadLetters]),
  ]);
  return lags.flat().reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0);
};

/** Publishes as fast as the history stores, so that neither side is a queue in memory. */
const fill = async (bus: Bus): Promise<void> => {
  const producer = await bus.producer();
  for (let from = 0; from < deliveries; from += recordsASend) {
    const numbers = Array.from({ length: Math.min(recordsASend, deliveries - from) }, (_, i) => from + i);
    await producer.publishAll(numbers.flatMap((number) => recordsOf(number, startMs)));
    while ((await waiting(bus)) > 10 * recordsASend) await pause(100);
    if (from % 40_000 === 0) console.log(`  ${from + numbers.length} published`);
  }
  while ((await waiting(bus)) > 0) await pause(500);
};

/** `slowest`: the number of the request that took the maximum; 1 is the first of its kind after the start. */
type Measured = Readonly<{ list: string; rows: number; ms: Spread; slowest: number; hasGoal: boolean }>;
/** `pathOf`: of the nth request; `few`: reads much, so only a few are measured, and there is no goal. */
type List = Readonly<{ list: string; pathOf: (n: number) => string; few?: boolean }>;

const after = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();

const listsOf = (deep: string, newest: Page): readonly List[] => {
  const eventAt = (n: number): string => newest.data[n % newest.data.length]?.['event_id'] ?? '';
  const deliveryAt = (n: number): string => newest.data[n % newest.data.length]?.['id'] ?? '';
  const range = `created_after=${after(60)}&created_before=${after(90)}`;
  return [
    { list: 'deliveries, newest', pathOf: () => 'deliveries?' },
    { list: 'deliveries, 50 pages deep', pathOf: () => `deliveries?cursor=${deep}` },
    {
      list: `deliveries, status=dead_lettered (1 of ${oneFailedIn})`,
      pathOf: () => 'deliveries?status=dead_lettered',
    },
    { list: 'deliveries, status=delivered', pathOf: () => 'deliveries?status=delivered' },
    { list: 'deliveries, subscription', pathOf: (n) => `deliveries?subscription_id=${subscriptionOf(n)}` },
    { list: 'deliveries, consumer', pathOf: (n) => `deliveries?consumer_id=${consumerOf(n)}` },
    { list: 'deliveries, event', pathOf: (n) => `deliveries?event_id=${eventAt(n)}` },
    { list: 'deliveries, type', pathOf: (n) => `deliveries?event_type=${typeOf(n)}` },
    { list: 'deliveries, bench.history.*', pathOf: () => 'deliveries?event_type=bench.history.*' },
    { list: 'deliveries, unknown type', pathOf: () => 'deliveries?event_type=bench.other' },
    { list: 'deliveries, 30 s', pathOf: () => `deliveries?${range}` },
    {
      list: 'deliveries, consumer, type and status',
      pathOf: (n) => `deliveries?consumer_id=${consumerOf(n)}&event_type=${typeOf(n)}&status=delivered`,
    },
    { list: 'one delivery', pathOf: (n) => `deliveries/${deliveryAt(n)}?` },
    { list: 'events, newest', pathOf: () => 'events?' },
    { list: 'events, consumer', pathOf: (n) => `events?consumer_id=${consumerOf(n)}` },
    { list: 'events, type', pathOf: (n) => `events?type=${typeOf(n)}` },
    { list: 'one event', pathOf: (n) => `events/${eventAt(n)}?` },
    { list: 'dead letters, newest', pathOf: () => 'dead-letters?' },
    { list: 'dead letters, waiting', pathOf: () => 'dead-letters?state=waiting' },
    {
      list: 'dead letters, subscription',
      pathOf: (n) => `dead-letters?subscription_id=${subscriptionOf(n * 100)}`,
    },
    { list: 'dead letters, consumer', pathOf: (n) => `dead-letters?consumer_id=${consumerOf(n * 100)}` },
    { list: 'deliveries, status_class=5xx, 30 s', pathOf: () => `deliveries?status_class=5xx&${range}` },
    { list: 'deliveries, status_class=5xx', pathOf: () => 'deliveries?status_class=5xx', few: true },
    { list: 'deliveries, reason', pathOf: () => 'deliveries?reason=http-status', few: true },
    { list: 'events, source', pathOf: () => 'events?source=other', few: true },
  ];
};

const measure = async (stack: BenchStack): Promise<readonly Measured[]> => {
  const [, newest] = await read(stack, 'deliveries?');
  let deep = newest.next_cursor;
  for (let page = 2; page < 50 && deep !== null; page += 1) {
    [, { next_cursor: deep }] = await read(stack, `deliveries?cursor=${deep}`);
  }
  const measured: Measured[] = [];
  for (const { list, pathOf, few = false } of listsOf(deep ?? '', newest)) {
    const times: number[] = [];
    let rows = 0;
    for (let n = 0; n < (few ? 2 : Number(values.pages)); n += 1) {
      const [tookMs, page] = await read(stack, pathOf(n).replace(/\?$/, ''));
      times.push(tookMs);
      rows = Array.isArray(page.data) ? page.data.length : 1;
    }
    const slowest = times.indexOf(Math.max(...times)) + 1;
    measured.push({ list, rows, ms: spreadOf(times), slowest, hasGoal: !few });
    console.log(`  ${list}: ${measured.at(-1)?.ms.p50} ms`);
  }
  return measured;
};

const tableOf = (measured: readonly Measured[]): string =>
  [
    `| list | rows | p50, ms | p99, ms | goal ${goalMs} ms | max, ms (request) |`,
    '|---|---|---|---|---|---|',
    ...measured.map(({ list, rows, ms, slowest, hasGoal }) => {
      const verdict = !hasGoal ? '–' : ms.p99 < goalMs ? 'yes' : 'no';
      return `| ${list} | ${rows} | ${ms.p50} | ${ms.p99} | ${verdict} | ${ms.max} (${slowest}) |`;
    }),
  ].join('\n');

const main = async (): Promise<void> => {
  const stack = await startStack(values['port-base'], { separate: values.separate });
  const bus = await connectKafka({ brokers: stack.brokers, clientId: 'tidings-bench', logger: silentLogger });
  try {
    const mongodb = stack.pids['mongodb'] ?? 0;
    const emptyMb = await pssMbOf(mongodb);
    console.log(`${deliveries} deliveries …`);
    const [before, begunMs] = [await usageOf(mongodb), performance.now()];
    await fill(bus);
    const seconds = Math.round((performance.now() - begunMs) / 1_000);
    const cpuUs = Math.round((((await usageOf(mongodb)).cpuMs - before.cpuMs) * 1_000) / deliveries);
    const measured = await measure(stack);
    // By then MongoDB has returned the memory that the filling needed.
    await pause(restMs);
    const memoryMb = { empty: emptyMb, filled: await pssMbOf(mongodb) };
    console.log(`\nFilled in ${seconds} s, ${cpuUs} µs of MongoDB's CPU for an event with its delivery.`);
    console.log(
      `MongoDB's memory (PSS): ${memoryMb.empty} MB empty, ${memoryMb.filled} MB at rest after it.`,
    );
    console.log(`Load of the machine: ${loadavg()[0]?.toFixed(1)}\n\n${tableOf(measured)}\n`);
    await writeFile(
      values.out,
      `${JSON.stringify({ options: values, seconds, cpuUs, memoryMb, measured }, null, 2)}\n`,
    );
    console.log(`Written to ${values.out}`);
    if (measured.some(({ hasGoal, ms }) => hasGoal && ms.p99 >= goalMs)) process.exitCode = 1;
  } finally {
    await bus.close();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
