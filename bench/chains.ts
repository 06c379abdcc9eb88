import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allTopics, encodeEvent, newEventId, topics, workspaceId } from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics } from '@tidings/kafka';
import { startBrokers } from '@tidings/local-stack';
import { silentLogger } from '@tidings/observability';
import { usageOf } from './process-usage.ts';

const help = `npm run bench:chains -- [options]
Starts a broker and a worker of @tidings/chains; prints steps a second and CPU a step, then what waiting runs cost.
  --runs N      runs of four steps (default 10000)
  --waiting N   runs that wait (default 100000)
  --rest N      seconds at rest (default 20)`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    waiting: { type: 'string', default: '100000' },
    rest: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});

const stepsOfRun = 4;
const workerFile = fileURLToPath(new URL('chains-worker.js', import.meta.url));

type Counts = Readonly<{
  ended: number;
  waiting: number;
  /** Memory in use after a collection of garbage. */
  bytes: number;
}>;

const startWorker = async (brokers: readonly string[]): Promise<ChildProcess> => {
  const env = { ...process.env, BROKERS: brokers.join(','), APP: 'bench' };
  const child = spawn(process.execPath, ['--expose-gc', workerFile], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
};

const countsOf = async (child: ChildProcess): Promise<Counts> => {
  child.send('counts');
  const [counts] = (await once(child, 'message')) as [Counts];
  return counts;
};

const publish = async (bus: Bus, type: string, count: number): Promise<void> => {
  const producer = await bus.producer();
  for (let done = 0; done < count; done += 1_000) {
    const records = Array.from({ length: Math.min(1_000, count - done) }, (_, n) => {
      const event = {
        ...{
          id: newEventId(Date.now()),
          callerId: null,
          workspaceId: workspaceId('bench'),
          consumerId: null,
        },
        ...{ eventType: type, source: '/bench', time: new Date().toISOString(), traceparent: null },
        orderingKey: null,
        data: Buffer.from(JSON.stringify({ id: `order-${done + n}`, total: 12.5, currency: 'EUR' })),
      };
      return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
    });
    await producer.publishAll(records);
  }
};

/** Waits until the worker has done what it is to do. Returns the seconds and the CPU that it took. */
const until = async (child: ChildProcess, isDone: (counts: Counts) => boolean) => {
  const pid = child.pid ?? 0;
  const began = performance.now();
  const before = await usageOf(pid);
  while (!isDone(await countsOf(child))) await delay(250);
  const after = await usageOf(pid);
  return { seconds: (performance.now() - began) / 1_000, cpuMs: after.cpuMs - before.cpuMs };
};

const measureSteps = async (bus: Bus, worker: ChildProcess): Promise<void> => {
  const runs = Number(values.runs);
  await publish(bus, 'bench.quick', runs);
  const { seconds, cpuMs } = await until(worker, ({ ended }) => ended >= runs);
  const steps = runs * stepsOfRun;
  const perSecond = Math.round(steps / seconds);
  console.log(
    `steps: ${perSecond}/s (after all were published), ${Math.round((cpuMs * 1_000) / steps)} µs CPU a step`,
  );
};

const measureWaiting = async (bus: Bus, worker: ChildProcess): Promise<void> => {
  const pid = worker.pid ?? 0;
  const runs = Number(values.waiting);
  const empty = await countsOf(worker);
  await publish(bus, 'bench.wait', runs);
  const { cpuMs } = await until(worker, ({ waiting }) => waiting >= runs);
  console.log(`${runs} runs that fail once: ${Math.round((cpuMs * 1_000) / runs)} µs CPU each`);
  await delay(5_000);
  const { bytes } = await countsOf(worker);
  const before = await usageOf(pid);
  await delay(Number(values.rest) * 1_000);
  const after = await usageOf(pid);
  const share = (after.cpuMs - before.cpuMs) / (Number(values.rest) * 10);
  const each = Math.round((bytes - empty.bytes) / runs);
  console.log(
    `${runs} waiting runs: ${share.toFixed(1)} % of a core at rest, ${each} bytes each (${after.rssMb} MB RSS)`,
  );
};

const measureRestore = async (brokers: readonly string[], first: ChildProcess): Promise<ChildProcess> => {
  first.kill('SIGTERM');
  await once(first, 'exit');
  const began = performance.now();
  const second = await startWorker(brokers);
  const seconds = (performance.now() - began) / 1_000;
  const before = await usageOf(second.pid ?? 0);
  console.log(
    `restored in ${seconds.toFixed(1)} s with its start, ${before.cpuMs} ms CPU, ${before.peakRssMb} MB at most`,
  );
  await delay(15_000);
  await countsOf(second);
  const settled = await usageOf(second.pid ?? 0);
  console.log(`written again in its epoch: ${settled.cpuMs - before.cpuMs} ms CPU, ${settled.rssMb} MB`);
  return second;
};

const main = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'));
  const started = await startBrokers({ count: 1, dataDir: folder });
  const brokers = [...started.brokers];
  let worker: ChildProcess | undefined;
  const bus = await connectKafka({ brokers, clientId: 'bench', logger: silentLogger });
  try {
    await ensureTopics({ brokers, replicationFactor: 1, topics: allTopics, logger: silentLogger });
    worker = await startWorker(brokers);
    await measureSteps(bus, worker);
    await measureWaiting(bus, worker);
    worker = await measureRestore(brokers, worker);
  } finally {
    worker?.kill('SIGKILL');
    await bus.close();
    await started.stop(0);
    await rm(folder, { recursive: true, force: true });
  }
};

if (values.help) console.log(help);
else await main();
