import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  allTopics,
  appTopics,
  decodeRun,
  decodeRunLogEntry,
  encodeEvent,
  isNewerRun,
  newEventId,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics, type IncomingRecord } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { beforeAll, expect, it, onTestFinished } from 'vitest';

const workerFile = fileURLToPath(new URL('../../dist/test/shop-worker.js', import.meta.url));
const brokers = [...sharedBrokers()];

beforeAll(async () => {
  await ensureTopics({ brokers, replicationFactor: 1, topics: allTopics, logger: silentLogger });
});

type Env = Readonly<Record<'APP' | 'CALLS_FILE', string>>;

const startWorker = async (env: Env): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [workerFile], {
    env: { ...env, BROKERS: brokers.join(','), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child, 'message');
  return child;
};

const readAll = async (bus: Bus, topic: typeof topics.runs, onRecord: (record: IncomingRecord) => void) => {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
  await bus.readRange({ topic, partitions, from: { offsets: new Map() }, service: 'chains-test', onRecord });
};

it('continues every run after kill -9, and runs no step again whose success is in the log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chains-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const app = `int-${process.pid}-${Date.now() % 100_000}`;
  const env: Env = { APP: app, CALLS_FILE: join(folder, 'calls') };
  writeFileSync(env.CALLS_FILE, '');
  const bus = await connectKafka({ brokers, clientId: 'chains-test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const calls = (): string[] => readFileSync(env.CALLS_FILE, 'utf8').split('\n').slice(0, -1);

  const first = await startWorker(env);
  const producer = await bus.producer();
  const total = 200;
  const events = Array.from({ length: total }, (_, n) => {
    const event = {
      ...{ id: newEventId(Date.now()), callerId: null, workspaceId: workspaceId('ws'), consumerId: null },
      ...{ eventType: 'chains.paid', source: '/shop', time: new Date().toISOString(), traceparent: null },
      orderingKey: `order-${n}`,
      data: Buffer.from(`{"n":${n}}`),
    };
    return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
  });
  await producer.publishAll(events);
  await eventually(() => expect(calls().length).toBeGreaterThan(total));
  first.kill('SIGKILL');
  await once(first, 'exit');

  const recorded = new Set<string>();
  await readAll(bus, appTopics(app).runLog, (record) => {
    if (record.value === null) return;
    const entry = decodeRunLogEntry(record);
    if (!('run' in entry)) return;
    const { runId, steps } = entry.run;
    for (const { name, status } of steps) if (status === 'succeeded') recorded.add(`${runId}/${name}`);
  });
  expect(recorded.size).toBeGreaterThan(0);
  const before = calls().length;

  const second = await startWorker(env);
  const newest = new Map<string, RunRecorded>();
  await eventually(
    async () => {
      await readAll(bus, topics.runs, (record) => {
        const run = decodeRun(record);
        const known = newest.get(run.runId);
        if (run.app === app && (known === undefined || isNewerRun(run, known))) newest.set(run.runId, run);
      });
      const completed = [...newest.values()].filter(({ status }) => status === 'completed');
      expect(completed).toHaveLength(total);
    },
    { timeoutMs: 50_000 },
  );
  expect(newest.size).toBe(total);
  expect(
    calls()
      .slice(before)
      .filter((call) => recorded.has(call)),
  ).toEqual([]);
  second.kill('SIGTERM');
  await once(second, 'exit');
  expect(second.exitCode).toBe(0);
});
